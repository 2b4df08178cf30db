#include "topic/name.hpp"

#include <string>
#include <vector>
#include <doctest/doctest.h>

using namespace tandemq;

namespace {

using namespace std::string_view_literals;

struct MatchCase {
  const char* filter;
  const char* topic;
  bool matches;
};

void check_cases(const std::vector<MatchCase>& cases) {
  for (const MatchCase& each : cases) {
    INFO(each.filter, " on ", each.topic);
    CHECK(matches(each.filter, each.topic) == each.matches);
  }
}

void check_single_level_wildcard() {
  for (const char* valid : {"+", "+/tennis/#", "sport/+/player1", "/+", "+/+", "sport/+", "+/"}) {
    INFO(valid);
    CHECK(is_valid_filter(valid));
  }
  for (const char* invalid : {"sport+", "+sport", "++", "sport/+tennis", "a/b+/c", "+#", "#+"}) {
    INFO(invalid);
    CHECK_FALSE(is_valid_filter(invalid));
  }
}

void check_multi_level_wildcard() {
  for (const char* valid : {"#", "sport/tennis/#", "/#", "//#", "+/#"}) {
    INFO(valid);
    CHECK(is_valid_filter(valid));
  }
  for (const char* invalid :
       {"sport/tennis#", "sport/tennis/#/ranking", "#/", "##", "a/#b", "#/#"}) {
    INFO(invalid);
    CHECK_FALSE(is_valid_filter(invalid));
  }
}

void check_name_without_wildcards() {
  CHECK(is_valid_name("sport/tennis"));
  for (const char* invalid : {"+", "#", "sport/+", "sport/#", "a+b", "a#", "+/a"}) {
    INFO(invalid);
    CHECK_FALSE(is_valid_name(invalid));
  }
}

void check_leading_dollar() {
  check_cases({{"#", "$SYS/broker", false},
               {"#", "$", false},
               {"+", "$SYS", false},
               {"+/monitor/Clients", "$SYS/monitor/Clients", false},
               {"+/#", "$SYS/monitor", false},
               {"$SYS/#", "$SYS/monitor/Clients", true},
               {"$SYS/#", "$SYS", true},
               {"$SYS/monitor/+", "$SYS/monitor/Clients", true},
               {"$SYS/+", "$SYS/$x", true},
               {"a/+", "a/$x", true},
               {"a/#", "a/$x", true},
               {"/+", "/$x", true}});
}

void check_no_normalization() {
  check_cases({{"ACCOUNTS", "Accounts", false},
               {"Accounts payable", "Accounts payable", true},
               {"a/b", "a//b", false},
               {"a/b", "/a/b", false},
               {"a/b", "a/b/", false},
               {"a/b/", "a/b", false},
               {"a/./b", "a/b", false},
               {"\xC3\xA9", "e\xCC\x81", false}});
}

}  // namespace

TEST_CASE("[MQTT-4.7.0-1] a topic name with a wildcard character is invalid") {
  check_name_without_wildcards();
}

TEST_CASE("[MQTT311-4.7.1-1] a topic name with a wildcard character is invalid") {
  check_name_without_wildcards();
}

TEST_CASE("[MQTT-4.7.1-1] # is valid only as the last level and alone in it") {
  check_multi_level_wildcard();
}

TEST_CASE("[MQTT311-4.7.1-2] # is valid only as the last level and alone in it") {
  check_multi_level_wildcard();
}

TEST_CASE("[MQTT-4.7.1-2] + is valid only alone in its level") {
  check_single_level_wildcard();
}

TEST_CASE("[MQTT311-4.7.1-3] + is valid only alone in its level") {
  check_single_level_wildcard();
}

TEST_CASE("[MQTT-4.7.2-1] a leading wildcard does not match a topic that starts with $") {
  check_leading_dollar();
}

TEST_CASE("[MQTT311-4.7.2-1] a leading wildcard does not match a topic that starts with $") {
  check_leading_dollar();
}

TEST_CASE("[MQTT-4.7.3-1] an empty name or filter is invalid") {
  CHECK_FALSE(is_valid_name(""));
  CHECK_FALSE(is_valid_filter(""));
  CHECK(is_valid_name("/"));
  CHECK(is_valid_filter("/"));
  CHECK(is_valid_name(" "));
}

TEST_CASE("[MQTT311-4.7.3-1] an empty name or filter is invalid") {
  CHECK_FALSE(is_valid_name(""));
  CHECK_FALSE(is_valid_filter(""));
}

TEST_CASE("[MQTT-4.7.3-2] a name or filter with a null character is invalid") {
  CHECK_FALSE(is_valid_name("\0"sv));
  CHECK_FALSE(is_valid_name("a/b\0c"sv));
  CHECK_FALSE(is_valid_filter("a/+/\0"sv));
}

TEST_CASE("[MQTT311-4.7.3-2] a name or filter with a null character is invalid") {
  CHECK_FALSE(is_valid_name("a\0"sv));
  CHECK_FALSE(is_valid_filter("\0/#"sv));
}

TEST_CASE("[MQTT-4.7.3-3] a name or filter longer than 65,535 bytes is invalid") {
  CHECK(is_valid_name(std::string(65535, 'a')));
  CHECK(is_valid_filter(std::string(65535, 'a')));
  CHECK_FALSE(is_valid_name(std::string(65536, 'a')));
  CHECK_FALSE(is_valid_filter(std::string(65536, 'a')));
}

TEST_CASE("[MQTT311-4.7.3-3] a name or filter longer than 65,535 bytes is invalid") {
  CHECK(is_valid_name(std::string(65535, 'a')));
  CHECK_FALSE(is_valid_name(std::string(65536, 'a')));
  CHECK_FALSE(is_valid_filter(std::string(65536, 'a')));
}

TEST_CASE("[MQTT-4.7.3-4] matching compares bytes and normalizes nothing") {
  check_no_normalization();
}

TEST_CASE("[MQTT311-4.7.3-4] matching compares bytes and normalizes nothing") {
  check_no_normalization();
}

TEST_CASE("a name or filter may have as many levels and bytes as the limits say and no more") {
  const TopicLimits limits{3, 8};
  CHECK(is_valid_name("a/b/c", limits));
  CHECK(is_valid_filter("a/+/#", limits));
  CHECK(is_valid_name("//", limits));
  CHECK_FALSE(is_valid_name("///", limits));
  CHECK_FALSE(is_valid_filter("a/b/c/#", limits));
  CHECK(is_valid_name("12345678", limits));
  CHECK_FALSE(is_valid_name("123456789", limits));
}

TEST_CASE("# matches its parent level and everything below") {
  check_cases({{"sport/tennis/player1/#", "sport/tennis/player1", true},
               {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
               {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
               {"sport/#", "sport", true},
               {"sport/#", "sport/", true},
               {"sport/#", "sports", false},
               {"sport/#", "spor", false},
               {"#", "a", true},
               {"#", "/", true},
               {"/#", "/", true},
               {"/#", "/a", true},
               {"/#", "a", false},
               {"+/#", "a", true},
               {"+/#", "a/b/c", true},
               {"+/#", "/", true}});
}

TEST_CASE("+ matches exactly one level, an empty one too") {
  check_cases({{"sport/tennis/+", "sport/tennis/player1", true},
               {"sport/tennis/+", "sport/tennis/player1/ranking", false},
               {"sport/+", "sport", false},
               {"sport/+", "sport/", true},
               {"+/+", "/finance", true},
               {"/+", "/finance", true},
               {"+", "/finance", false},
               {"+", "finance", true},
               {"a/+/c", "a//c", true},
               {"a/+/c", "a/b/d", false},
               {"+/+/+", "//", true},
               {"+/+", "//", false}});
}

TEST_CASE("[MQTT-4.8.2-1] a shared filter without a ShareName is malformed") {
  CHECK(is_shared("$share/group/a"));
  CHECK(is_shared("$share//a"));
  CHECK_FALSE(is_shared("$share"));
  CHECK_FALSE(is_shared("$shared/group/a"));
  CHECK_FALSE(is_shared("$SHARE/group/a"));
  CHECK_FALSE(split_shared("$share//a"));
  CHECK_FALSE(split_shared("$share/"));
  CHECK_FALSE(split_shared("share/group/a"));
}

TEST_CASE("[MQTT-4.8.2-2] a ShareName has no wildcard, and a slash and a filter follow it") {
  for (const char* invalid : {"$share/+/a", "$share/#/a", "$share/a+/b", "$share/a#/b",
                              "$share/group", "$share/group/"}) {
    INFO(invalid);
    CHECK_FALSE(split_shared(invalid));
  }
  const auto plain = split_shared("$share/consumer1/sport/tennis/+");
  REQUIRE(plain);
  CHECK(plain->group == "consumer1");
  CHECK(plain->filter == "sport/tennis/+");
  const auto leading_slash = split_shared("$share/consumer1//finance");
  REQUIRE(leading_slash);
  CHECK(leading_slash->group == "consumer1");
  CHECK(leading_slash->filter == "/finance");
}

TEST_CASE("a LevelsView yields every level, empty ones too, and can start again in the middle") {
  LevelsView levels("/a//b");
  CHECK(levels.next().empty());
  const std::size_t position = levels.position();
  CHECK(levels.next() == "a");
  CHECK(levels.next().empty());
  CHECK_FALSE(levels.at_end());
  CHECK(levels.next() == "b");
  CHECK(levels.at_end());
  CHECK(LevelsView("/a//b", position).next() == "a");

  LevelsView trailing("a/");
  CHECK(trailing.next() == "a");
  CHECK_FALSE(trailing.at_end());
  CHECK(trailing.next().empty());
  CHECK(trailing.at_end());
}
