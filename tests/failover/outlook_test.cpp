#include "failover/outlook.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::failover;

namespace {

constexpr Settings kHeartbeat{FailoverPolicy::heartbeat, false, 500, 2'000};
constexpr Settings kFence{FailoverPolicy::fence, false, 500, 2'000};
constexpr Settings kManual{FailoverPolicy::manual, false, 500, 2'000};

Facts following() {
  Facts facts;
  facts.standing.follows = true;
  facts.standing.in_sync = true;
  facts.standing.term_seen = Term{1, 1};
  facts.standing.end = {Term{1, 1}, 10, 0};
  return facts;
}

bool says(const Outlook& outlook, const std::string& words) {
  return outlook.text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a standby in sync takes over at once, or after the silence that the policy asks for") {
  const Outlook outlook = outlook_of(Role::insync, following(), kHeartbeat);
  CHECK(outlook.serves);
  CHECK(outlook.text ==
        "takes over: at once if only its process dies, after 500 ms if its machine does");
}

TEST_CASE("with a fence the command comes before a standby leads or a primary goes on alone") {
  for (const Role role : {Role::insync, Role::claiming, Role::paired, Role::stalled})
    CHECK(says(outlook_of(role, following(), kFence), "when failover.fence_command has ended"));
}

TEST_CASE("with gateways one of them has to answer before a node acts") {
  constexpr Settings kGateway{FailoverPolicy::gateway, false, 500, 2'000};
  for (const Role role : {Role::insync, Role::claiming, Role::paired, Role::stalled})
    CHECK(says(outlook_of(role, following(), kGateway), "if a failover.gateway answers"));
}

TEST_CASE("with the policy manual a standby waits for the operator and a primary for nobody") {
  const Outlook standby = outlook_of(Role::insync, following(), kManual);
  CHECK_FALSE(standby.serves);
  CHECK(says(standby, "'tandemqctl promote'"));
  const Outlook primary = outlook_of(Role::paired, following(), kManual);
  CHECK(primary.serves);
  CHECK(says(primary, "after 2000 ms if its machine does"));
}

TEST_CASE("a standby that may lack something does not take over, and says why") {
  Facts outdated = following();
  outdated.standing.outdated = true;
  outdated.standing.in_sync = false;
  for (const Role role : {Role::reconciling, Role::syncing, Role::insync}) {
    const Outlook outlook = outlook_of(role, outdated, kHeartbeat);
    CHECK_FALSE(outlook.serves);
    CHECK(says(outlook, "the primary went on without") +
              says(outlook, "The primary went on without") ==
          1);
  }
  CHECK(says(outlook_of(Role::syncing, following(), kHeartbeat), "it is catching up"));
}

TEST_CASE("the outlook of a standby in sync is that which the rules then follow") {
  const Instant now{1'000'000};
  for (const Settings& settings : {kHeartbeat, kManual}) {
    Facts facts = following();
    const bool serves = outlook_of(Role::insync, facts, settings).serves;
    facts.standing.follows = false;
    facts.refused = true;
    facts.heard_at = now.plus_ms(-1);
    CHECK((classify(Role::insync, facts, settings, now) == Event::primary_gone) == serves);
  }
}

TEST_CASE("a node that follows nobody leads by itself no sooner than somebody says so") {
  Facts facts = following();
  CHECK(says(outlook_of(Role::reconciling, facts, kHeartbeat), "follows nobody"));
  facts.standing.in_sync = false;
  CHECK(says(outlook_of(Role::reconciling, facts, kHeartbeat), "was not in sync"));
  CHECK_FALSE(outlook_of(Role::demoting, facts, kHeartbeat).serves);
  CHECK_FALSE(outlook_of(Role::handing, facts, kHeartbeat).serves);
}

TEST_CASE("a node that leads goes on") {
  for (const Role role : {Role::promoting, Role::solo, Role::paired, Role::stalled})
    CHECK(outlook_of(role, following(), kHeartbeat).serves);
}

TEST_CASE("with a witness the outlook is what the witness makes possible") {
  Settings settings = kHeartbeat;
  settings.witness = true;
  Facts facts = following();
  CHECK(says(outlook_of(Role::insync, facts, settings), "the witness does not answer"));
  CHECK_FALSE(outlook_of(Role::paired, facts, settings).serves);
  facts.witness.answers = true;
  CHECK(says(outlook_of(Role::insync, facts, settings), "does not list it"));
  CHECK(outlook_of(Role::paired, facts, settings).serves);
  facts.witness.may_claim = true;
  CHECK(outlook_of(Role::insync, facts, settings).serves);
  CHECK(says(outlook_of(Role::insync, facts, settings), "after 900 ms"));
}
