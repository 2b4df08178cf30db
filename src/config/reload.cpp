#include "config/reload.hpp"

#include "config/options.hpp"

namespace tandemq {

std::vector<ReloadChange> compare(const Config& running, const Config& wanted) {
  std::vector<ReloadChange> changes;
  for (const ConfigOption& option : config_options()) {
    std::string before = value_of(running, option);
    std::string after = value_of(wanted, option);
    if (before == after) continue;
    changes.push_back({std::string(option.key), std::move(before), std::move(after),
                       option.reload == ConfigOption::Reload::live});
  }
  return changes;
}

Config merged(Config running, const Config& wanted) {
  for (const ConfigOption& option : config_options())
    if (option.reload == ConfigOption::Reload::live) copy_value(wanted, running, option);
  return running;
}

std::string sentence_of(const ReloadChange& change) {
  return change.key + ": '" + change.running + "' to '" + change.wanted + "', " +
         (change.live ? "in force" : "needs a restart");
}

}  // namespace tandemq
