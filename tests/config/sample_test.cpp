#include "config/sample.hpp"

#include "config/files.hpp"
#include "config/options.hpp"
#include "config/reload.hpp"

#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

// Removes the '#' before each key.
std::string uncommented(const std::string& sample) {
  std::istringstream lines(sample);
  std::string text;
  for (std::string line; std::getline(lines, line);)
    text += (line.size() > 1 && line[0] == '#' && line[1] != ' ' ? line.substr(1) : line) + "\n";
  return text;
}

}  // namespace

TEST_CASE("etc/tandemq.conf is what the option table says") {
  const auto file = read_text_file("etc/tandemq.conf");
  REQUIRE(file.has_value());
  CHECK_MESSAGE(*file == sample_config(), "run: tandemqd --print-config-sample > etc/tandemq.conf");
}

TEST_CASE("docs/man/tandemq.conf.5 is what the option table says") {
  const auto file = read_text_file("docs/man/tandemq.conf.5");
  REQUIRE(file.has_value());
  CHECK_MESSAGE(*file == config_man_page(),
                "run: tandemqd --print-config-man > docs/man/tandemq.conf.5");
}

TEST_CASE("the sample changes nothing") {
  const SettingList list = parse_config_text(sample_config(), "sample");
  CHECK(list.settings.empty());
  CHECK(report_of(list.findings).empty());
}

TEST_CASE("the sample with every key in force is the default") {
  const SettingList list = parse_config_text(uncommented(sample_config()), "sample");
  CHECK(list.settings.size() == config_options().size());
  const LoadedConfig loaded = make_config(list, {});
  CHECK(report_of(loaded.findings).empty());
  CHECK(compare({}, loaded.config).empty());
}

TEST_CASE("no line of the sample is longer than 100 characters") {
  std::istringstream lines(sample_config());
  for (std::string line; std::getline(lines, line);) CHECK_MESSAGE(line.size() <= 100, line);
}

TEST_CASE("the list of keys has a line for each") {
  const std::string list = key_list();
  for (const ConfigOption& option : config_options())
    CHECK(list.find("  --" + std::string(option.key) + "=" + default_of(option) + "\n") !=
          std::string::npos);
}

}  // namespace tandemq
