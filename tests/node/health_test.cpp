#include "node/health.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

Json standby(const std::string& phase, bool in_sync, bool outdated = false) {
  return {{"role", "standby"},
          {"term", 3},
          {"peer", {{"connected", phase == "following"}, {"in_sync", in_sync}}},
          {"replication", {{"phase", phase}, {"outdated", outdated}}}};
}

Json primary(bool connected, bool in_sync) {
  return {{"role", "primary"}, {"peer", {{"connected", connected}, {"in_sync", in_sync}}}};
}

}  // namespace

TEST_CASE("a node that leads is ready, with its standby or without") {
  const Json alone{{"role", "primary"}, {"term", 1}};
  for (const Json& status : {alone, primary(false, false), primary(true, true)}) {
    const HealthReport health = health_of(status, false);
    CHECK(health.live);
    CHECK(health.ready);
    CHECK(health.primary);
    CHECK(health.role == "primary");
  }
  CHECK(health_of(alone, false).why == "It serves the clients; it has no peer.");
  CHECK(health_of(primary(true, true), false).why ==
        "It serves the clients, its standby is in sync.");
  CHECK(health_of(primary(true, false), false).why ==
        "It serves the clients, a standby is joining it.");
  CHECK(health_of(primary(false, false), false).why ==
        "It serves the clients, no standby is connected.");
}

TEST_CASE("a primary that is short of memory is ready, and says so") {
  Json status = primary(true, true);
  status["memory"] = {{"pressure", "none"}};
  CHECK(health_of(status, false).why == "It serves the clients, its standby is in sync.");
  status["memory"] = {{"pressure", "publishers"}};
  CHECK(health_of(status, false).ready);
  CHECK(health_of(status, false).why ==
        "It serves the clients, its standby is in sync. Memory is short: the heaviest publishers "
        "are not read from.");
  status["memory"] = {{"pressure", "connections"}};
  CHECK(health_of(status, false).why.ends_with("Memory is short: nobody is let in."));
}

TEST_CASE("a standby is ready when it follows and is in sync, and never primary") {
  struct Row {
    Json status;
    bool ready;
    const char* why;
  };
  const Row rows[] = {
      {standby("following", true), true, "It follows the primary and is in sync."},
      {standby("following", false), false, "It catches up with the primary."},
      {standby("no connection", true), false, "It has no connection to a primary."},
      {standby("nobody leads", true), false,
       "Neither node leads: see 'tandemqctl status' on both."},
      {standby("image", false), false, "It takes a whole copy of the primary's data."},
      {standby("following", true, true), false,
       "The primary went on without it: it may lack acknowledged messages."}};
  for (const Row& row : rows) {
    const HealthReport health = health_of(row.status, false);
    CHECK(health.live);
    CHECK(health.ready == row.ready);
    CHECK_FALSE(health.primary);
    CHECK(health.role == "standby");
    CHECK(health.why == row.why);
  }
}

TEST_CASE("a node that stops is alive and nothing else") {
  for (const Json& status : {primary(true, true), standby("following", true)}) {
    const HealthReport health = health_of(status, true);
    CHECK(health.live);
    CHECK_FALSE(health.ready);
    CHECK_FALSE(health.primary);
    CHECK(health.why == "It is stopping.");
  }
}

TEST_CASE("a core that does not answer is not alive") {
  const HealthReport health = health_of(failure("The broker does not answer."), false);
  CHECK_FALSE(health.live);
  CHECK_FALSE(health.ready);
  CHECK_FALSE(health.primary);
  CHECK(health.role == "unknown");
  CHECK(health.why == "The broker does not answer.");
}

TEST_CASE("a status that says less than expected is no reason to be ready") {
  const HealthReport health = health_of(Json{{"role", "standby"}}, false);
  CHECK(health.live);
  CHECK_FALSE(health.ready);
}

}  // namespace tandemq
