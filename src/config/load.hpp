// load: the configuration of a process, from its file and its command line. What the command line
// says wins over the file, and the file over the defaults. Collects everything that is wrong
// instead of stopping at the first. Pure; config/files.hpp reads the file.
#pragma once

#include "config/config.hpp"
#include "config/finding.hpp"
#include "config/settings.hpp"

#include <vector>

namespace tandemq {

struct LoadedConfig {
  Config config;                  // Not to be used if there is an error among the findings.
  std::vector<Finding> findings;  // Those of the lists, of the values and of check_config().
};

LoadedConfig make_config(const SettingList& file, const SettingList& command_line);

}  // namespace tandemq
