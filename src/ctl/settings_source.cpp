#include "ctl/settings_source.hpp"

#include "config/files.hpp"
#include "config/options.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace tandemq {
namespace {

constexpr std::string_view kListeners = "listener";  // Its values hold no ", ".

// As `config show` writes what may stand there several times.
void add_values(SettingList& list, const ConfigOption& option, const std::string& values) {
  constexpr std::string_view kBetween = ", ";
  for (std::size_t begin = 0; begin <= values.size();) {
    const std::size_t end = std::min(values.find(kBetween, begin), values.size());
    list.settings.push_back(
        {std::string(option.key), values.substr(begin, end - begin), "the broker"});
    begin = end + kBetween.size();
  }
}

}  // namespace

tl::expected<LoadedConfig, CommandFailure> ask_settings(const AdminClient& client) {
  SettingList list;
  const auto done = client.run("config show", Json::object(), false, [&](std::string_view line) {
    const Result<Json> row = parse_json(line);
    if (!row || !row->is_object()) return true;
    const std::string key = row->value("key", std::string());
    const ConfigOption* option = find_option(key);
    if (option == nullptr) return true;
    const std::string value = row->value("value", std::string());
    if (key == kListeners) {
      add_values(list, *option, value);
    } else if (!is_repeatable(*option)) {
      list.settings.push_back({key, value, "the broker"});
    }
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
