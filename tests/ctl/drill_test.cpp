#include "ctl/drill.hpp"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

Json status(const char* role, bool in_sync) {
  return {{"node", "a"},
          {"role", role},
          {"term", 3},
          {"lsn", 100},
          {"durable_sessions", 7},
          {"peer",
           {{"node", "b"},
            {"connected", true},
            {"in_sync", in_sync},
            {"lsn", 99},
            {"role", std::string(role) == "primary" ? "standby" : "primary"}}},
          {"replication", {{"committed", 98}}}};
}

DrillLook look_at(const char* role, std::uint64_t term, std::uint64_t lsn) {
  DrillLook look = drill_look_of(status(role, true));
  look.term = term;
  look.lsn = look.peer_lsn = look.committed = lsn;
  return look;
}

// There and back without a loss.
Drill whole() {
  Drill drill;
  drill.before = look_at("primary", 3, 100);
  drill.there = {"b", 4, 105, 20, 80, 40, 30, 2'000};
  drill.between = look_at("standby", 4, 120);
  drill.back = {"a", 5, 121, 25, 120, 44, 32, 2'100};
  drill.after = look_at("primary", 5, 130);
  for (DrillLook* look : {&drill.before, &drill.after}) look->digest = look->peer_digest = "0f";
  return drill;
}

std::string trouble_of(const Drill& drill) {
  const DrillVerdict verdict = judge(drill);
  return verdict.troubles.size() == 1 ? verdict.troubles.front() : std::string();
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string refusal(const Json& seen) {
  const auto may = may_drill(seen);
  return may ? std::string() : may.error().text;
}

Config config_with(const char* listener, std::uint16_t port) {
  Config config;
  config.listeners = {{"", "mqtt", listener, port, {}}};
  config.replication.peer = "198.51.100.2:7400";
  return config;
}

}  // namespace

TEST_CASE("a drill begins on the primary of a pair in sync and nowhere else") {
  CHECK(refusal(status("primary", true)).empty());
  CHECK(has(refusal(status("standby", true)), "is a standby"));
  CHECK(has(refusal(status("primary", false)), "not in sync"));
  Json away = status("primary", false);
  away["peer"]["connected"] = false;
  CHECK(has(refusal(away), "No standby is connected"));
  CHECK(has(refusal(Json{{"role", "primary"}}), "no peer"));
}

TEST_CASE("a look has what the status says, and what the leader has acknowledged") {
  const DrillLook leads = drill_look_of(status("primary", true));
  CHECK(leads.leads);
  CHECK(leads.peer == "b");
  CHECK(leads.durable_sessions == 7);
  CHECK(leads.committed == 98);
  Json following = status("standby", true);
  following["peer"]["lsn"] = 140;
  CHECK(drill_look_of(following).committed == 140);
}

TEST_CASE("the gap is the longest time between two answers, from the beginning to the end") {
  CHECK(longest_gap_ms({}, 0, 0) == 0);
  CHECK(longest_gap_ms({}, 100, 700) == 600);
  CHECK(longest_gap_ms({10, 20, 110, 120}, 0, 125) == 90);
  CHECK(longest_gap_ms({120, 20, 110, 10}, 0, 125) == 90);
  CHECK(longest_gap_ms({300, 310}, 0, 320) == 300);
  CHECK(longest_gap_ms({300, 310}, 290, 315) == 10);
  CHECK(longest_gap_ms({10, 20}, 0, 500) == 480);
}

TEST_CASE("there and back without a loss is as before, with the longer gap as RTO") {
  const DrillVerdict verdict = judge(whole());
  CHECK(verdict.troubles.empty());
  CHECK(verdict.rpo_records == 0);
  CHECK(verdict.rto_ms == std::optional<std::int64_t>(120));
}

TEST_CASE("a new primary that begins behind what was acknowledged has lost something") {
  Drill drill = whole();
  drill.there.lsn = 101;
  CHECK(judge(drill).troubles.empty());
  drill.there.lsn = 99;
  CHECK(judge(drill).rpo_records == 2);
  CHECK(trouble_of(drill) == "2 records of a were missing when b began to lead.");
}

TEST_CASE("records that were cut off are lost") {
  Drill drill = whole();
  drill.cut_off = 5;
  CHECK(judge(drill).rpo_records == 5);
  CHECK(has(trouble_of(drill), "diverged list"));
}

TEST_CASE("whatever is not as before is told") {
  Drill drill = whole();
  drill.after.peer_digest = "10";
  CHECK(trouble_of(drill) == "The digests of both nodes were not equal after it.");
  drill = whole();
  drill.before.digest = drill.before.peer_digest = "";
  CHECK(trouble_of(drill) == "The digests of both nodes were not equal before it.");
  drill = whole();
  drill.after.leads = false;
  CHECK(trouble_of(drill) == "The node a does not lead again.");
  drill = whole();
  drill.after.in_sync = false;
  CHECK(trouble_of(drill) == "The pair is not in sync again.");
  drill = whole();
  drill.between.durable_sessions = 5;
  CHECK(has(trouble_of(drill), "2 durable sessions of 7 were missing after the first move"));
  drill = whole();
  drill.after.durable_sessions = 6;
  CHECK(has(trouble_of(drill), "1 durable sessions of 7 were missing at the end"));
  drill = whole();
  drill.back.term = 4;
  CHECK(has(trouble_of(drill), "not newer than 4"));
  drill = whole();
  drill.there.gap_ms.reset();
  CHECK(has(trouble_of(drill), "No client was served when b led"));
  CHECK_FALSE(judge(drill).rto_ms.has_value());
}

TEST_CASE("more sessions, and a log that has grown, are no trouble") {
  Drill drill = whole();
  drill.after.durable_sessions = 9;
  drill.after.lsn = 5'000;
  CHECK(judge(drill).troubles.empty());
}

TEST_CASE("after a failure it is said who leads and what to do") {
  CHECK(has(after_failure("a", status("primary", true)), "a leads now, as before"));
  const std::string other = after_failure("a", status("standby", true));
  CHECK(has(other, "b leads now and serves the clients; a is in sync."));
  CHECK(has(other, "tandemqctl switchover"));
  CHECK(has(after_failure("a", std::nullopt), "does not answer"));
  Json nobody = status("standby", false);
  nobody["peer"]["role"] = "standby";
  CHECK(has(after_failure("a", nobody), "tandemqctl promote"));
}

TEST_CASE("clients connect where they are said to, to the virtual address, or to both nodes") {
  const auto named = drill_targets(config_with("0.0.0.0", 1883), "192.0.2.1:1,[::1]:2");
  REQUIRE(named.has_value());
  REQUIRE(named->size() == 2);
  CHECK(named->at(1).host == "::1");
  CHECK(named->at(1).port == 2);
  CHECK_FALSE(drill_targets(config_with("0.0.0.0", 1883), "192.0.2.1").has_value());

  Config config = config_with("0.0.0.0", 1884);
  const auto both = drill_targets(config, "");
  REQUIRE(both.has_value());
  REQUIRE(both->size() == 2);
  CHECK(both->at(0).host == "127.0.0.1");
  CHECK(both->at(1).host == "198.51.100.2");
  CHECK(both->at(1).port == 1884);

  config.failover.vip_address = "192.0.2.10/24";
  const auto virtual_one = drill_targets(config, "");
  REQUIRE(virtual_one.has_value());
  REQUIRE(virtual_one->size() == 1);
  CHECK(virtual_one->front().host == "192.0.2.10");
  CHECK(virtual_one->front().port == 1884);
}

TEST_CASE("a plain listener for other machines is asked first, and any free port cannot be") {
  Config config = config_with("0.0.0.0", 8883);
  config.listeners.front().scheme = "mqtts";
  CHECK_FALSE(drill_targets(config, "")->front().speaks_mqtt);
  config.listeners.push_back({"", "mqtt", "0.0.0.0", 1883, {}});
  CHECK(drill_targets(config, "")->front().port == 1883);
  CHECK(drill_targets(config, "")->front().speaks_mqtt);
  CHECK_FALSE(drill_targets(config_with("0.0.0.0", 0), "").has_value());
  config.listeners.insert(config.listeners.begin(), {"", "mqtt", "127.0.0.1", 1999, {}});
  CHECK(drill_targets(config, "")->front().port == 1883);
  config.listeners.clear();
  CHECK_FALSE(drill_targets(config, "").has_value());
}

TEST_CASE("the rows name their step, and have the figures as numbers") {
  const Drill drill = whole();
  const std::vector<Json> moved = rows_of("there", drill.before, drill.there);
  CHECK(std::all_of(moved.begin(), moved.end(), [](const Json& row) {
    return row["step"] == "there" && row.contains("what") && row.contains("value");
  }));
  CHECK(std::count(moved.begin(), moved.end(), drill_row("there", "clients not served, ms", 80)) ==
        1);
  CHECK(rows_of("between", drill.between).size() + 2 == rows_of("after", drill.after).size());
  const std::vector<Json> result = rows_of(judge(drill));
  REQUIRE(result.size() == 3);
  CHECK(result[0] == drill_row("result", "RPO, records", 0));
  CHECK(result[1] == drill_row("result", "RTO, ms", 120));
  CHECK(result[2] == drill_row("result", "as before", true));
}
