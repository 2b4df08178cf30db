#include "admin/table.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using Show = CommandColumn::Show;

namespace {

constexpr Instant kNow{1'700'000'000'000};

std::string shown(const Json& value, Show show) {
  return show_value(Json{{"x", value}}, {"x", "X", show}, kNow);
}

}  // namespace

TEST_CASE("sizes are short and counts have groups") {
  CHECK(show_bytes(0) == "0 B");
  CHECK(show_bytes(1'023) == "1023 B");
  CHECK(show_bytes(1'024) == "1.0 KB");
  CHECK(show_bytes(1'536) == "1.5 KB");
  CHECK(show_bytes(268'435'456) == "256 MB");
  CHECK(show_count(0) == "0");
  CHECK(show_count(999) == "999");
  CHECK(show_count(1'000) == "1,000");
  CHECK(show_count(1'234'567) == "1,234,567");
}

TEST_CASE("times are read in the two largest units, and never negative") {
  CHECK(show_duration(-5) == "0 s");
  CHECK(show_duration(59'999) == "59 s");
  CHECK(show_duration(60'000) == "1 min 0 s");
  CHECK(show_duration(3 * 3'600'000 + 12 * 60'000) == "3 h 12 min");
  CHECK(show_duration(2 * 86'400'000LL) == "2 d 0 h");
  CHECK(show_time(0) == "1970-01-01 00:00:00Z");
  CHECK(show_time(1'709'210'096'789) == "2024-02-29 12:34:56Z");
}

TEST_CASE("values are shown as their column says") {
  CHECK(shown("a", Show::text) == "a");
  CHECK(shown(1'000, Show::text) == "1000");
  CHECK(shown(1'000, Show::count) == "1,000");
  CHECK(shown(true, Show::text) == "yes");
  CHECK(shown(nullptr, Show::text) == "-");
  CHECK(shown("", Show::text) == "-");
  CHECK(shown(kNow.ms - 61'000, Show::age) == "1 min 1 s");
  CHECK(shown(60, Show::seconds) == "1 min 0 s");
  CHECK(shown(0xFFFFFFFFU, Show::seconds) == "never");
  CHECK(shown({1, 2}, Show::text) == "1; 2");
  CHECK(show_value(Json::object(), {"a.b", "X"}, kNow) == "-");
  CHECK(show_value(Json{{"a", {{"b", 1}}}}, {"a.b", "X"}, kNow) == "1");
  CHECK(show_value(Json{{"p_base64", "/w=="}}, {"p", "X", Show::payload}, kNow) == "base64:/w==");
}

TEST_CASE("what a client chose does not reach the terminal as control characters") {
  CHECK(harmless("plain \xC3\xA4") == "plain \xC3\xA4");
  CHECK(harmless("\x1b[31m\n\x7f") == "\\x1b[31m\\x0a\\x7f");
  CHECK(harmless("\xC2\x9b") == "\\x9b");
  CHECK(harmless("\xC2\xA0") == "\xC2\xA0");
  CHECK(shown("a\rb", Show::text) == "a\\x0db");
}

TEST_CASE("a record is one line for each value it has") {
  constexpr CommandColumn kColumns[] = {{"a", "first"}, {"b", "the second"}, {"c", "third"}};
  CHECK(show_record(kColumns, Json{{"a", 1}, {"c", "x"}}, kNow) ==
        "first:      1\nthird:      x\n");
}

TEST_CASE("columns are as wide as their widest value, in characters") {
  constexpr CommandColumn kColumns[] = {{"a", "A"}, {"b", "B"}};
  RowTable table(kColumns);
  CHECK(table.add({Json{{"a", "\xC3\xA4\xC3\xA4\xC3\xA4"}, {"b", 1}}, Json{{"a", "x"}, {"b", 2}}},
                  kNow) == "A    B\n\xC3\xA4\xC3\xA4\xC3\xA4  1\nx    2\n");
  CHECK(table.add({Json{{"a", "y"}, {"b", 3}}}, kNow) == "y    3\n");
}

TEST_CASE("a table without rows still has its titles") {
  constexpr CommandColumn kColumns[] = {{"a", "A"}, {"b", "B"}};
  CHECK(RowTable(kColumns).add({}, kNow) == "A  B\n");
}
