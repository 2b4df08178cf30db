#include "tests/bench/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <variant>

namespace tandemq {
namespace {

struct Scenario {
  std::string_view name;
  std::string_view help;
};

constexpr std::array kScenarios = {
    Scenario{"pairs", "N publishers to N subscribers, each pair on a topic of its own"},
    Scenario{"fan-out", "1 publisher to N subscribers of its topic"},
    Scenario{"fan-in", "N publishers to 1 subscriber with a wildcard"},
    Scenario{"latency", "pairs at a fixed rate, end-to-end percentiles"},
    Scenario{"idle", "N silent connections, broker memory for each"},
    Scenario{"commit", "one message at a time to the disk, beside fdatasync"},
    Scenario{"backlog", "--messages wait for N clients that are away, and are fetched"},
    Scenario{"floor", "no load: forwards 'pairs' of QoS 0 and 1 with nothing in between"},
    Scenario{"recovery", "N sessions with a subscription and a message each, from the disk"},
};

using Number = std::uint32_t Settings::*;
using Text = std::string Settings::*;
using Flag = bool Settings::*;

struct Option {
  std::string_view name;
  std::variant<Number, Text, Flag> field;
  std::uint32_t min;
  std::uint32_t max;
  std::string_view help;
};

// A window must leave room for unique packet ids; a payload must hold the stamp of packets.hpp.
const std::array kOptions = {
    Option{"--host", &Settings::host, 0, 0, "IPv4 address of the broker"},
    Option{"--port", &Settings::port, 1, 65535, "TCP port of the broker"},
    Option{"--pid", &Settings::pid, 1, 4194304, "broker process to measure (all its threads)"},
    Option{"--connections", &Settings::connections, 1, 1000000, "N of the scenario"},
    Option{"--messages", &Settings::messages, 1, 1000000000, "publish so many, not for a time"},
    Option{"--seconds", &Settings::seconds, 1, 3600, "publish for so long"},
    Option{"--warmup-ms", &Settings::warmup_ms, 0, 60000, "traffic before the measurement"},
    Option{"--size", &Settings::size, 16, 1000000, "payload bytes"},
    Option{"--qos", &Settings::qos, 0, 2, "of publications and subscriptions"},
    Option{"--version", &Settings::version, 4, 5, "4: MQTT 3.1.1, 5: MQTT 5.0"},
    Option{"--batch", &Settings::batch, 1, 10000, "messages in one write of a publisher"},
    Option{"--window", &Settings::window, 1, 10000,
           "messages of one publisher under way, neither delivered nor acknowledged"},
    Option{"--rate", &Settings::rate, 1, 1000000, "messages a second of 'latency', in all"},
    Option{"--dir", &Settings::dir, 0, 0, "of 'commit': a folder on the broker's disk"},
    Option{"--make", &Settings::make, 0, 0,
           "of 'recovery': make the store in this new folder, and no more"},
    Option{"--tls", &Settings::tls, 0, 0, "speak TLS; a file: who signs the broker's certificate"},
    Option{"--persistent", &Settings::persistent, 0, 0, "subscribers' sessions outlive them"},
    Option{"--json", &Settings::json, 0, 0, "print one JSON object"},
};

Result<std::uint32_t> parse_number(const Option& option, std::string_view value) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  if (!whole || number < option.min || number > option.max) {
    return failure(std::string(option.name) + " is '" + std::string(value) + "'; it must be " +
                   std::to_string(option.min) + " to " + std::to_string(option.max) + ".");
  }
  return number;
}

Result<void> assign(Settings& settings, const Option& option, std::string_view value) {
  if (const Text* text = std::get_if<Text>(&option.field)) {
    settings.** text = value;
    return {};
  }
  const Result<std::uint32_t> number = parse_number(option, value);
  if (!number) {
    return tl::unexpected(number.error());
  }
  settings.*std::get<Number>(option.field) = *number;
  return {};
}

Result<void> check(Settings& settings) {
  const bool known =
      std::any_of(kScenarios.begin(), kScenarios.end(),
                  [&](const Scenario& scenario) { return scenario.name == settings.scenario; });
  if (!known) {
    return failure("The first argument must name a scenario, not '" + settings.scenario + "'.");
  }
  if (settings.window == 0) {
    settings.window = settings.batch;
  }
  if (settings.window < settings.batch) {
    return failure("--window must not be less than --batch.");
  }
  return {};
}

}  // namespace

std::string usage() {
  std::string text = "tandemq_bench SCENARIO [--option VALUE]...\n";
  const auto line = [&](std::string_view name, std::string_view help) {
    text.append("  ").append(name).append(name.size() < 14 ? 14 - name.size() : 1, ' ');
    text.append(help).append("\n");
  };
  for (const Scenario& scenario : kScenarios) {
    line(scenario.name, scenario.help);
  }
  for (const Option& option : kOptions) {
    line(option.name, option.help);
  }
  return text;
}

Result<Settings> parse_settings(const std::vector<std::string_view>& arguments) {
  Settings settings;
  settings.scenario = arguments.empty() ? std::string_view() : arguments.front();
  for (std::size_t index = 1; index < arguments.size(); ++index) {
    const auto* option = std::find_if(kOptions.begin(), kOptions.end(), [&](const Option& known) {
      return known.name == arguments[index];
    });
    if (option == kOptions.end()) {
      return failure("There is no option '" + std::string(arguments[index]) + "'.");
    }
    if (const Flag* flag = std::get_if<Flag>(&option->field)) {
      settings.** flag = true;
      continue;
    }
    if (++index == arguments.size()) {
      return failure(std::string(option->name) + " needs a value.");
    }
    const Result<void> assigned = assign(settings, *option, arguments[index]);
    if (!assigned) {
      return tl::unexpected(assigned.error());
    }
  }
  const Result<void> checked = check(settings);
  if (!checked) {
    return tl::unexpected(checked.error());
  }
  return settings;
}

}  // namespace tandemq
