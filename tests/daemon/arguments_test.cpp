#include "daemon/arguments.hpp"

#include "config/sample.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using Action = Arguments::Action;

Result<Arguments> parse(const std::vector<const char*>& words) {
  std::vector<const char*> argv = {"tandemqd"};
  argv.insert(argv.end(), words.begin(), words.end());
  return parse_arguments(static_cast<int>(argv.size()), argv.data());
}

Answer answer_to(const std::vector<const char*>& words) {
  const auto arguments = parse(words);
  REQUIRE(arguments.has_value());
  const auto answered = answer(*arguments);
  REQUIRE(answered.has_value());
  return *answered;
}

}  // namespace

TEST_CASE("without a switch tandemqd is a broker") {
  const auto arguments = parse({"--config=f", "--node.id=b"});
  REQUIRE(arguments.has_value());
  CHECK(arguments->action == Action::run);
  CHECK(arguments->config_path == "f");
  REQUIRE(arguments->command_line.settings.size() == 1);
  CHECK(arguments->command_line.settings[0].key == "node.id");
  CHECK_FALSE(answer(*arguments).has_value());
}

TEST_CASE("no words at all are a command line too") {
  CHECK(parse_arguments(0, nullptr).has_value());
}

TEST_CASE("each switch is its action") {
  constexpr std::pair<const char*, Action> kRows[] = {
      {"--help", Action::help},
      {"--version", Action::version},
      {"--check-config", Action::check_config},
      {"--print-config-sample", Action::print_config_sample},
      {"--print-config-man", Action::print_config_man},
  };
  for (const auto& row : kRows) {
    CAPTURE(row.first);
    const auto arguments = parse({row.first});
    REQUIRE(arguments.has_value());
    CHECK(arguments->action == row.second);
    CHECK(answer_to({row.first}).exit_code == 0);
  }
}

TEST_CASE("everything wrong on the command line is said at once") {
  const auto arguments = parse({"--node.ids=b", "--config=a", "--config=b", "--help", "--version"});
  REQUIRE_FALSE(arguments.has_value());
  CHECK(arguments.error().text ==
        "error: command line: unknown key 'node.ids', did you mean 'node.id'?\n"
        "error: command line: --config has to name one file\n"
        "error: command line: --version comes after another switch, give only one\n"
        "Try: tandemqd --help\n");
}

TEST_CASE("a file without a name is refused") {
  CHECK_FALSE(parse({"--config="}).has_value());
  CHECK_FALSE(parse({"--config"}).has_value());
}

TEST_CASE("the help names every switch and every key") {
  const std::string help = answer_to({"--help"}).output;
  for (const char* word : {"--config=FILE", "--help", "--version", "--check-config",
                           "--print-config-sample", "--print-config-man", "--limits.queue_full"})
    CHECK_MESSAGE(help.find(word) != std::string::npos, word);
}

TEST_CASE("the version is the program's name and three numbers") {
  CHECK(answer_to({"--version"}).output.starts_with("tandemqd "));
}

TEST_CASE("the sample and the manual page are printed as they are") {
  CHECK(answer_to({"--print-config-sample"}).output == sample_config());
  CHECK(answer_to({"--print-config-man"}).output == config_man_page());
}

TEST_CASE("a checked configuration answers with all findings and 0 or 1") {
  const Answer good = answer_to({"--check-config", "--config=etc/tandemq.conf"});
  CHECK(good.exit_code == 0);
  CHECK(good.output == "The configuration is valid.\n");
  CHECK(good.errors.empty());

  const Answer doubtful = answer_to({"--check-config", "--listener=mqtt://0.0.0.0"});
  CHECK(doubtful.exit_code == 0);
  CHECK(doubtful.errors.starts_with("warning: "));

  const Answer bad =
      answer_to({"--check-config", "--x=1", "--mqtt.max_qos=7", "--auth.acl_file=no/such/file"});
  CHECK(bad.exit_code == 1);
  CHECK(bad.output.empty());
  CHECK(bad.errors ==
        "error: command line: unknown key 'x'\n"
        "error: command line: mqtt.max_qos = '7': expected a number from 0 to 2\n"
        "error: auth.acl_file: 'no/such/file' cannot be read: No such file or directory\n");
}

}  // namespace tandemq
