#include "ctl/settings_source.hpp"

#include "config/files.hpp"
#include "config/options.hpp"

#include <iterator>
#include <utility>

namespace tandemq {

tl::expected<LoadedConfig, CommandFailure> ask_settings(const AdminClient& client) {
  SettingList list;
  const auto done = client.run("config show", Json::object(), false, [&](std::string_view line) {
    const Result<Json> row = parse_json(line);
    if (!row || !row->is_object()) return true;
    const std::string key = row->value("key", std::string());
    const ConfigOption* option = find_option(key);
    if (option != nullptr && !is_repeatable(*option))
      list.settings.push_back({key, row->value("value", std::string()), "the broker"});
    return true;
  });
  if (!done) return tl::unexpected(done.error());
  return make_config(list, {});
}

LoadedConfig read_settings(const std::string& path) {
  LoadedConfig loaded = load_config(path, {});
  if (any_error(loaded.findings)) return loaded;
  std::vector<Finding> files = check_files(loaded.config);
  std::move(files.begin(), files.end(), std::back_inserter(loaded.findings));
  return loaded;
}

}  // namespace tandemq
