#include "config/ack_rule.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("a rule has a level and says whom it is about, and is written as it was read") {
  for (const char* text : {"memory topic telemetry/#", "local topic +/state", "standby user plc 7",
                           "standby_flushed user meter", "memory topic $x/+"}) {
    const auto rule = parse_ack_rule(text);
    REQUIRE_MESSAGE(rule.has_value(), text);
    CHECK(text_of(*rule) == text);
  }
  const auto rule = parse_ack_rule("  standby_flushed \t topic   orders/# ");
  CHECK_FALSE(rule.has_value());  // A blank is part of a topic.
  const auto wide = parse_ack_rule("standby  user  a b");
  REQUIRE(wide.has_value());
  CHECK(wide->level == CommitLevel::written);
  CHECK(wide->about == AckRule::About::user);
  CHECK(wide->name == "a b");
}

TEST_CASE("what is no rule is refused with the reason") {
  struct Row {
    const char* text;
    const char* why;
  };
  constexpr Row kRows[] = {
      {"", "'' is no level: expected memory, local, standby or standby_flushed"},
      {"flushed topic a", "'flushed' is no level"},
      {"async user a", "'async' is no level"},
      {"memory", "expected 'topic FILTER' or 'user NAME' behind the level"},
      {"memory client a", "expected 'topic FILTER' or 'user NAME' behind the level"},
      {"memory user", "expected the name of a user"},
      {"memory topic", "is no topic filter; for every topic set it on the listener"},
      {"memory topic a/#/b", "'a/#/b' is no topic filter"},
      {"memory topic $share/g/a", "'$share/g/a' is no topic filter"},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.text);
    const auto rule = parse_ack_rule(row.text);
    REQUIRE_FALSE(rule.has_value());
    CHECK(rule.error().text.find(row.why) != std::string::npos);
    CHECK(rule.error().text.starts_with("'" + std::string(row.text) + "'"));
  }
}

TEST_CASE("a node commits as its mode says; alone and relaxed when it has written") {
  Config config;
  CHECK(node_level(config) == CommitLevel::written);
  config.replication.mode = ReplicationMode::flushed;
  CHECK(node_level(config) == CommitLevel::flushed);
  config.store.sync = "interval:100";
  CHECK(is_relaxed(config));
  CHECK(node_level(config) == CommitLevel::async);
  config.replication.peer = "127.0.0.1:1";
  CHECK_FALSE(is_relaxed(config));
  CHECK(node_level(config) == CommitLevel::flushed);
}
