#include "ctl/words.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using Action = Request::Action;

namespace {

Request parsed(const std::vector<std::string>& words) {
  Result<Request> request = parse_words(words);
  REQUIRE_MESSAGE(request.has_value(), request.error().text);
  return std::move(*request);
}

std::string problem(const std::vector<std::string>& words) {
  const Result<Request> request = parse_words(words);
  return request ? "" : request.error().text;
}

}  // namespace

TEST_CASE("a command of two words, its arguments and its options") {
  const Request request = parsed({"queue", "peek", "meter", "--limit=5"});
  CHECK(request.command->name == "queue peek");
  CHECK(request.arguments == Json{{"client", "meter"}, {"limit", 5U}});
  CHECK_FALSE(request.json);
  CHECK(request.socket.empty());
}

TEST_CASE("options may stand anywhere, with their value behind '=' or as the next word") {
  const Request request =
      parsed({"--limit", "5", "--json", "queue", "--socket", "/s", "peek", "meter"});
  CHECK(request.command->name == "queue peek");
  CHECK(request.arguments == Json{{"client", "meter"}, {"limit", 5U}});
  CHECK(request.json);
  CHECK(request.socket == "/s");
}

TEST_CASE("-n is short for --limit, for commands that have one") {
  CHECK(parsed({"events", "-n", "5"}).arguments["limit"] == 5U);
  CHECK(parsed({"queue", "peek", "-n", "5", "meter"}).arguments ==
        Json{{"client", "meter"}, {"limit", 5U}});
  CHECK(parsed({"publish", "-n", "5"}).arguments == Json{{"topic", "-n"}, {"payload", "5"}});
  CHECK(problem({"events", "-n", "x"}).find("must be a number") != std::string::npos);
  CHECK(problem({"events", "-n"}).find("one word too many") != std::string::npos);
}

TEST_CASE("behind -- and behind a single dash there is no option") {
  CHECK(parsed({"publish", "t", "-5"}).arguments["payload"] == "-5");
  CHECK(parsed({"publish", "t", "--", "--json"}).arguments["payload"] == "--json");
  CHECK(parsed({"publish", "t", "-"}).arguments["payload"] == "-");
}

TEST_CASE("all words that are left are filters") {
  CHECK(parsed({"subscribe", "a", "b/#", "--qos=1"}).arguments ==
        Json{{"filter", {"a", "b/#"}}, {"qos", 1U}});
}

TEST_CASE("the payload of publish comes from one place") {
  CHECK(parsed({"publish", "t"}).arguments == Json{{"topic", "t"}});
  CHECK(parsed({"publish", "t", "--file=x"}).file == "x");
  CHECK(parsed({"publish", "t", "--stdin"}).payload_stdin);
  CHECK(problem({"publish", "t", "x", "--stdin"}).starts_with("PAYLOAD, "));
  CHECK(problem({"publish", "t", "--file=x", "--payload-base64=eA=="}).starts_with("PAYLOAD, "));
}

TEST_CASE("help and version ask for no command") {
  CHECK(parsed({"--help"}).action == Action::help);
  CHECK(parsed({"-h"}).action == Action::help);
  CHECK(parsed({"--version"}).action == Action::version);
  CHECK(parsed({"clients", "--help"}).topic == "clients");
  CHECK(parsed({"help", "clients", "show"}).topic == "clients show");
  CHECK(parsed({"clients", "show", "x", "-h"}).topic == "clients show");
}

TEST_CASE("what is wrong is said, with the usage") {
  CHECK(problem({}) == "No command is given. 'tandemqctl --help' lists them.");
  CHECK(problem({"dance"}) == "'dance' is no command. 'tandemqctl --help' lists them.");
  CHECK(problem({"clients"}) ==
        "'clients' is no command, but clients list, clients show, clients kick.");
  CHECK(problem({"clients", "show"}) ==
        "'clients show' needs CLIENT. Usage: tandemqctl clients show CLIENT");
  CHECK(problem({"clients", "show", "a", "b"}) ==
        "'b' is one word too many. Usage: tandemqctl clients show CLIENT");
  CHECK(problem({"status", "--follow"}) ==
        "'status' has no option --follow. Usage: tandemqctl status");
  CHECK(problem({"status", "--limit"}) == "--limit needs a value: --limit=VALUE.");
  CHECK(problem({"drops", "--follow=1"}).starts_with("--follow takes no value."));
  CHECK(problem({"publish", "t", "--qos=x"}).starts_with("'qos' must be a number from 0 to 2."));
  CHECK(problem({"publish", "t", "--qos=-1"}).starts_with("'qos' must be a number from 0 to 2."));
  CHECK(problem({"trace", "start", "user", "x"})
            .starts_with("'subject' is 'user' and must be one of client, topic, address."));
}
