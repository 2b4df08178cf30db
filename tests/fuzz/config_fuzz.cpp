// Any text as a configuration file, and its lines as a command line. What is accepted must come
// back: its values, written as a file, give the same configuration.
#include "base/ensure.hpp"
#include "config/load.hpp"
#include "config/options.hpp"
#include "config/reload.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  constexpr std::size_t kLinesMax = 64;
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < kLinesMax) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// As settings and not as text: a value of the command line may hold a '#' or end with a space.
SettingList written(const Config& config) {
  SettingList list;
  for (const ConfigOption& option : config_options())
    for (const std::string& value : values_of(config, option))
      list.settings.push_back({std::string(option.key), value, "written"});
  return list;
}

void check(const LoadedConfig& loaded) {
  for (const Finding& finding : loaded.findings)
    ENSURE(!finding.text.empty(), "a finding says what it is");
  if (any_error(loaded.findings)) return;
  const LoadedConfig again = make_config(written(loaded.config), {});
  ENSURE(!any_error(again.findings), "what was accepted is accepted again");
  ENSURE(compare(loaded.config, again.config).empty(), "no value changes on the way");
  const Config merged_config = merged(Config{}, loaded.config);
  for (const ReloadChange& left : compare(merged_config, loaded.config))
    ENSURE(!left.live, "a reload takes everything that is live");
}

}  // namespace
}  // namespace tandemq

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tandemq;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const SettingList file = parse_config_text(text, "input");
  const SettingList command_line = parse_command_line(lines_of(text), {{"config", true}});
  check(make_config(file, {}));
  check(make_config({}, command_line));
  check(make_config(file, command_line));
  return 0;
}
