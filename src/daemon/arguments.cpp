#include "daemon/arguments.hpp"

#include "base/version.hpp"
#include "config/files.hpp"
#include "config/sample.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace tandemq {
namespace {

using Action = Arguments::Action;

struct Switch {
  std::string_view name;
  Action action;
  std::string_view about;
};
constexpr std::array kSwitches = {
    Switch{"help", Action::help, "show this text"},
    Switch{"repair", Action::repair,
           "start although a part of the data cannot be read: it goes to data.dir/quarantine"},
    Switch{"version", Action::version, "show the version"},
    Switch{"check-config", Action::check_config,
           "say all that is wrong with the configuration; exit 1 on an error"},
    Switch{"print-config-sample", Action::print_config_sample,
           "print a configuration file with every key explained"},
    Switch{"print-config-man", Action::print_config_man,
           "print the manual page of the configuration file"},
};
constexpr std::string_view kConfigSwitch = "config";
constexpr std::size_t kNameWidth = 24;

std::vector<CommandSwitch> command_switches() {
  std::vector<CommandSwitch> all = {{kConfigSwitch, true}};
  for (const Switch& row : kSwitches) all.push_back({row.name, false});
  return all;
}

std::string help_line(std::string name, std::string_view about) {
  name.resize(std::max(name.size() + 1, kNameWidth), ' ');
  return "  " + name + std::string(about) + "\n";
}

std::string help_text() {
  std::string text = "Usage: tandemqd [--config=FILE] [--KEY=VALUE ...]\nAn MQTT broker.\n\n";
  text += help_line("--config=FILE", "read the configuration from FILE; without it none is read");
  for (const Switch& row : kSwitches) text += help_line("--" + std::string(row.name), row.about);
  text += "\nKeys of the configuration, with their defaults; they win over FILE:\n" + key_list();
  return text;
}

Answer check_everything(const Arguments& arguments) {
  LoadedConfig loaded = load_config(arguments.config_path, arguments.command_line);
  const std::vector<Finding> of_files = check_files(loaded.config);
  loaded.findings.insert(loaded.findings.end(), of_files.begin(), of_files.end());
  const std::string report = report_of(loaded.findings);
  if (any_error(loaded.findings)) return {1, {}, report};
  return {0, "The configuration is valid.\n", report};
}

void take_switch(const Setting& used, Arguments& arguments) {
  const auto complain = [&](const std::string& text) {
    arguments.command_line.findings.push_back(
        {Finding::Weight::error, used.place + ": --" + used.key + text});
  };
  const auto row = std::find_if(kSwitches.begin(), kSwitches.end(),
                                [&](const Switch& each) { return each.name == used.key; });
  if (row == kSwitches.end()) {  // --config
    if (used.value.empty() || !arguments.config_path.empty()) complain(" has to name one file");
    arguments.config_path = used.value;
    return;
  }
  if (arguments.action != Action::run) complain(" comes after another switch, give only one");
  arguments.action = row->action;
}

}  // namespace

Result<Arguments> parse_arguments(int argc, const char* const* argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  Arguments arguments;
  arguments.command_line = parse_command_line(words, command_switches());
  std::vector<Finding>& findings = arguments.command_line.findings;
  for (const Setting& used : arguments.command_line.switches_used) take_switch(used, arguments);
  // A configuration that is to be checked is judged as a whole, with what its file says.
  if (findings.empty() || arguments.action == Action::check_config) return arguments;
  return failure(report_of(findings) + "Try: tandemqd --help\n");
}

std::optional<Answer> answer(const Arguments& arguments) {
  switch (arguments.action) {
    case Action::run:
    case Action::repair:
      return std::nullopt;
    case Action::help:
      return Answer{0, help_text(), {}};
    case Action::version:
      return Answer{0, "tandemqd " + std::string(kVersion) + "\n", {}};
    case Action::check_config:
      return check_everything(arguments);
    case Action::print_config_sample:
      return Answer{0, sample_config(), {}};
    case Action::print_config_man:
      return Answer{0, config_man_page(), {}};
  }
  return std::nullopt;
}

}  // namespace tandemq
