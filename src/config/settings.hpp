// settings: the pairs of key and value that a configuration file or a command line holds, each with
// the place where it stands. Knows which keys exist, judges no value. The only unit that knows
// Boost.Program_options, whose exceptions end here. Pure: reads text, never a file.
#pragma once

#include "config/finding.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

struct Setting {
  std::string key;
  std::string value;
  std::string place;  // "tandemq.conf:12" or "command line".
};

// An option of a program that is not a key of the configuration, such as --help.
struct CommandSwitch {
  std::string_view name;
  bool has_value = false;
};

struct SettingList {
  std::vector<Setting> settings;       // Keys of the configuration, in the order of the source.
  std::vector<Setting> switches_used;  // On a command line only.
  std::vector<Finding> findings;       // Unknown keys, and what is no pair of key and value.
};

// `source` names the text in messages.
SettingList parse_config_text(std::string_view text, std::string_view source);

// `words` are those after the name of the program.
SettingList parse_command_line(const std::vector<std::string>& words,
                               const std::vector<CommandSwitch>& switches);

}  // namespace tandemq
