#include "config/load.hpp"

#include "base/ensure.hpp"
#include "config/check.hpp"
#include "config/listener_url.hpp"
#include "config/options.hpp"

#include <map>
#include <string>

namespace tandemq {
namespace {

void apply(const SettingList& list, LoadedConfig& loaded) {
  loaded.findings.insert(loaded.findings.end(), list.findings.begin(), list.findings.end());
  std::map<std::string, std::string> places;  // Where each key was set first.
  for (const Setting& setting : list.settings) {
    const ConfigOption* option = find_option(setting.key);
    ENSURE(option != nullptr, "a list of settings holds known keys only");
    const auto [first, is_first] = places.try_emplace(setting.key, setting.place);
    if (!is_first && !is_repeatable(*option)) {
      loaded.findings.push_back(
          {Finding::Weight::error,
           setting.place + ": " + setting.key + " was set before, at " + first->second});
      continue;
    }
    // A list of the command line takes the place of the file's, it does not continue it.
    if (is_first) clear_value(loaded.config, *option);
    const auto done = set_value(loaded.config, *option, setting.value);
    if (!done)
      loaded.findings.push_back({Finding::Weight::error, setting.place + ": " + done.error().text});
  }
}

}  // namespace

LoadedConfig make_config(const SettingList& file, const SettingList& command_line) {
  LoadedConfig loaded;
  apply(file, loaded);
  apply(command_line, loaded);
  // What is wrong by itself would only be reported twice.
  if (any_error(loaded.findings)) return loaded;
  if (loaded.config.listeners.empty()) {
    auto listener = parse_listener_url(kDefaultListener);
    ENSURE(listener.has_value(), "the default listener is a listener");
    loaded.config.listeners.push_back(std::move(*listener));
  }
  const std::vector<Finding> found = check_config(loaded.config);
  loaded.findings.insert(loaded.findings.end(), found.begin(), found.end());
  return loaded;
}

}  // namespace tandemq
