#include "admin/command.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

std::string problem(std::string_view command, const Json& arguments) {
  const auto checked = check_arguments(*find_command(command), arguments);
  return checked ? "" : checked.error().text;
}

}  // namespace

TEST_CASE("every command has a name of its own, a sentence and columns") {
  std::set<std::string_view> names;
  for (const Command& command : commands()) {
    INFO(command.name);
    CHECK(names.insert(command.name).second);
    CHECK(command.about.ends_with('.'));
    CHECK_FALSE(command.columns.empty());
    CHECK(find_command(command.name) == &command);
  }
  CHECK(find_command("clients") == nullptr);
  CHECK(find_command("") == nullptr);
}

TEST_CASE("every argument is explained, and a required word stands before optional ones") {
  for (const Command& command : commands()) {
    bool optional = false;
    for (const CommandArgument& argument : command.arguments) {
      INFO(command.name, " ", argument.name);
      CHECK(argument.about.ends_with('.'));
      const bool plain = argument.kind == CommandArgument::Kind::word ||
                         argument.kind == CommandArgument::Kind::words;
      CHECK_FALSE((plain && argument.required && optional));
      optional = optional || (plain && !argument.required);
    }
  }
}

TEST_CASE("an option means the same in every command") {
  for (const Command& one : commands())
    for (const CommandArgument& mine : one.arguments)
      for (const Command& other : commands())
        for (const CommandArgument& theirs : other.arguments) {
          const auto is_option = [](const CommandArgument& a) {
            return a.kind == CommandArgument::Kind::option || a.kind == CommandArgument::Kind::flag;
          };
          if (!is_option(mine) || !is_option(theirs) || mine.name != theirs.name) continue;
          INFO(mine.name);
          CHECK(mine.kind == theirs.kind);
          CHECK(mine.type == theirs.type);
        }
}

TEST_CASE("arguments that a command does not take, or that are missing, are named") {
  CHECK(problem("clients show", {{"client", "a"}}).empty());
  CHECK(problem("clients show", Json::object()) == "'clients show' needs CLIENT.");
  CHECK(problem("clients show", {{"client", 1}}) == "'client' must be a text.");
  CHECK(problem("status", {{"x", 1}}) == "'status' has no argument 'x'.");
  CHECK(problem("status", Json::array()) == "The arguments must be an object.");
  CHECK(problem("publish", {{"topic", "t"}, {"file", "f"}}) == "'publish' has no argument 'file'.");
}

TEST_CASE("a value must be of its type and within its range") {
  const Json publish{{"topic", "t"}};
  const auto with = [&](const char* name, Json value) {
    Json arguments = publish;
    arguments[name] = std::move(value);
    return problem("publish", arguments);
  };
  CHECK(with("qos", 2U).empty());
  CHECK(with("qos", 3U) == "'qos' must be a number from 0 to 2.");
  CHECK(with("qos", -1) == "'qos' must be a number from 0 to 2.");
  CHECK(with("qos", "1") == "'qos' must be a number from 0 to 2.");
  CHECK(with("retain", true).empty());
  CHECK(with("retain", "yes") == "'retain' must be true or false.");
  CHECK(problem("subscribe", {{"filter", {"a", "b"}}}).empty());
  CHECK(problem("subscribe", {{"filter", Json::array()}}) ==
        "'filter' must be a list that is not empty.");
  CHECK(problem("subscribe", {{"filter", {1}}}) == "'filter' must be a text.");
  CHECK(problem("log level", {{"level", "loud"}}) ==
        "'level' is 'loud' and must be one of trace, debug, info, warn, error.");
}

TEST_CASE("the usage of a command shows what may be left out") {
  CHECK(usage_of(*find_command("status")) == "status");
  CHECK(usage_of(*find_command("queue peek")) ==
        "queue peek CLIENT [--limit=NUMBER] [--skip=NUMBER]");
  CHECK(usage_of(*find_command("subscribe")) == "subscribe FILTER... [--qos=NUMBER]");
  CHECK(usage_of(*find_command("drops")) == "drops [--client=CLIENT] [--follow] [--limit=NUMBER]");
  CHECK(option_of("payload_base64") == "--payload-base64");
}
