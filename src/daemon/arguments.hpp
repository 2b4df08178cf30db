// Arguments: what the command line of tandemqd asks for, and the answer to what is no broker's
// work. Prints nothing: main does. Never throws.
#pragma once

#include "base/result.hpp"
#include "config/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tandemq {

struct Arguments {
  enum class Action : std::uint8_t {
    run,                  // Be a broker.
    repair,               // --repair: the same, and set damaged data aside before.
    help,                 // --help
    version,              // --version
    check_config,         // --check-config
    print_config_sample,  // --print-config-sample
    print_config_man,     // --print-config-man
  };

  Action action = Action::run;
  std::string config_path;   // --config; empty: no file.
  SettingList command_line;  // For load_config(), at start and on SIGHUP.
};

struct Answer {
  int exit_code = 0;   // 1: there is an error.
  std::string output;  // For standard output.
  std::string errors;  // For standard error.
};

// The error has a line for each thing that is wrong.
Result<Arguments> parse_arguments(int argc, const char* const* argv);

// Nothing for Action::run and Action::repair: then load_config(config_path, command_line) is next.
// Reads the disk for Action::check_config only.
std::optional<Answer> answer(const Arguments& arguments);

}  // namespace tandemq
