#include "ctl/import_sender.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

using Refusals = std::vector<std::pair<std::uint64_t, std::string>>;

// A broker that takes every line but those it is told to refuse, and remembers what it was sent.
struct Broker {
  std::vector<Json> asked;
  Json refused = Json::array();

  tl::expected<Json, CommandFailure> answer(const Json& arguments) {
    asked.push_back(arguments);
    return Json{{"import", 7U},
                {"taken", {{"session", 2U}}},
                {"expired", 1U},
                {"refused", std::exchange(refused, Json::array())}};
  }
};

struct Bench {
  Broker broker;
  Refusals refusals;
  ImportSender sender{
      [this](const Json& arguments) { return broker.answer(arguments); }, false,
      [this](std::uint64_t line, const std::string& why) { refusals.emplace_back(line, why); }};
};

}  // namespace

TEST_CASE("lines go in pages of a thousand, and the last page says that it is the last") {
  Bench bench;
  for (int i = 0; i < 2001; ++i) CHECK(bench.sender.add("x"));
  CHECK(bench.broker.asked.size() == 2);
  CHECK(bench.sender.finish());
  REQUIRE(bench.broker.asked.size() == 3);
  CHECK(bench.broker.asked[0]["lines"].get<std::string>().size() == 1999);
  CHECK_FALSE(bench.broker.asked[0].contains("import"));
  CHECK_FALSE(bench.broker.asked[1].contains("last"));
  CHECK(bench.broker.asked[1]["import"] == 7U);
  CHECK(bench.broker.asked[2] == Json{{"lines", "x"}, {"import", 7U}, {"last", true}});
}

TEST_CASE("a page has at most a megabyte, unless a line alone has more") {
  Bench bench;
  CHECK(bench.sender.add(std::string(600'000, 'a')));
  CHECK(bench.sender.add(std::string(600'000, 'b')));
  CHECK(bench.sender.add(std::string(2'000'000, 'c')));
  CHECK(bench.sender.finish());
  REQUIRE(bench.broker.asked.size() == 3);
  CHECK(bench.broker.asked[2]["lines"].get<std::string>().size() == 2'000'000);
}

TEST_CASE("what is refused is told with its line in the file, empty lines counted") {
  Bench bench;
  for (const char* line : {"a", "", "b\r", "c"}) CHECK(bench.sender.add(line));
  bench.broker.refused = Json::array({Json{{"line", 2U}, {"why", "No."}}});
  CHECK(bench.sender.finish());
  CHECK(bench.broker.asked[0]["lines"] == "a\nb\nc");
  CHECK(bench.refusals == Refusals{{3, "No."}});
  CHECK(bench.sender.refused_count() == 1);
  CHECK(bench.sender.totals() ==
        Json{{"taken", {{"session", 2U}}}, {"expired", 1U}, {"refused_count", 1U}});
}

TEST_CASE("a broker that does not answer ends the import") {
  ImportSender sender(
      [](const Json&) -> tl::expected<Json, CommandFailure> {
        return tl::unexpected(CommandFailure{CommandFailure::Kind::no_broker, "nobody"});
      },
      true, [](std::uint64_t, const std::string&) {});
  CHECK(sender.add("x"));
  CHECK_FALSE(sender.finish());
}
