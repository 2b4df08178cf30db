#include "failover/machine.hpp"

#include <random>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::failover;

namespace {

constexpr Instant kNow{1'000'000};
constexpr Settings kHeartbeat{FailoverPolicy::heartbeat, 500, 2'000};
constexpr Settings kManual{FailoverPolicy::manual, 500, 2'000};

// A standby in sync whose link has ended `silent_ms` ago.
Facts orphan(std::int64_t silent_ms) {
  Facts facts;
  facts.standing.in_sync = true;
  facts.standing.term_seen = Term{1, 1};
  facts.standing.end = {Term{1, 1}, 10, 0};
  facts.heard_at = kNow.plus_ms(-silent_ms);
  return facts;
}

Facts following(bool in_sync) {
  Facts facts = orphan(0);
  facts.standing.follows = true;
  facts.standing.in_sync = in_sync;
  return facts;
}

std::optional<Event> seen(Role role, const Facts& facts, const Settings& settings = kHeartbeat) {
  return classify(role, facts, settings, kNow);
}

}  // namespace

TEST_CASE("a node follows, and is in sync when the primary says so, until it says otherwise") {
  CHECK(seen(Role::reconciling, following(false)) == Event::follows);
  CHECK_FALSE(seen(Role::syncing, following(false)));
  CHECK(seen(Role::syncing, following(true)) == Event::in_sync);
  CHECK_FALSE(seen(Role::insync, following(true)));
  CHECK(seen(Role::insync, following(false)) == Event::outdated);
  CHECK(seen(Role::claiming, following(true)) == Event::follows);
  Facts lost = following(false);
  lost.standing.follows = false;
  CHECK(seen(Role::syncing, lost) == Event::link_lost);
}

TEST_CASE("a primary is gone when it is silent, or at once when its process is dead") {
  CHECK_FALSE(seen(Role::insync, orphan(499)));
  CHECK(seen(Role::insync, orphan(500)) == Event::primary_gone);
  Facts refused = orphan(1);
  refused.refused = true;
  CHECK(seen(Role::insync, refused) == Event::primary_gone);
  CHECK_FALSE(seen(Role::insync, refused, kManual));
  CHECK_FALSE(seen(Role::insync, orphan(500), kManual));
}

TEST_CASE("of a host that is lost nobody closes the connection") {
  Facts facts = orphan(500);
  facts.standing.follows = true;
  CHECK(seen(Role::insync, facts) == Event::primary_gone);
  CHECK_FALSE(seen(Role::insync, facts, kManual));
}

TEST_CASE("nobody takes over when the primary may have gone on alone, however dead it is") {
  CHECK(seen(Role::insync, orphan(2'000)) == Event::outdated);
  CHECK(seen(Role::claiming, orphan(2'000)) == Event::outdated);
  Facts facts = orphan(2'000);
  facts.refused = true;
  CHECK(seen(Role::insync, facts) == Event::outdated);
  facts = orphan(600);
  facts.standing.outdated = true;
  CHECK(seen(Role::insync, facts) == Event::outdated);
}

TEST_CASE("nobody takes over who has let the peer lead again, or who is not whole") {
  Facts facts = orphan(600);
  facts.standing.in_sync = false;
  CHECK(seen(Role::insync, facts) == Event::outdated);
  CHECK(seen(Role::claiming, facts) == Event::outdated);
  facts = orphan(600);
  facts.standing.whole = false;
  CHECK_FALSE(seen(Role::insync, facts));
  facts = orphan(600);
  facts.standing.peer_end = Position{Term{2, 1}, 1, 0};
  CHECK_FALSE(seen(Role::insync, facts));
}

TEST_CASE("who led before leads again, when the peer was asked") {
  Facts facts = orphan(10);
  facts.standing.was = NodeState::Role::solo;
  CHECK_FALSE(seen(Role::reconciling, facts));
  facts.tried_peer = true;
  CHECK(seen(Role::reconciling, facts) == Event::led_before);
  CHECK(seen(Role::reconciling, facts, kManual) == Event::led_before);
  facts.standing.follows = true;
  CHECK(seen(Role::reconciling, facts) == Event::follows);
}

TEST_CASE("a leader's events are its feed's wishes, and a newer term is before all") {
  Facts facts;
  CHECK_FALSE(seen(Role::promoting, facts));
  facts.serves = true;
  CHECK(seen(Role::promoting, facts) == Event::serves);
  CHECK_FALSE(seen(Role::solo, facts));
  facts.wants_pair = true;
  CHECK(seen(Role::solo, facts) == Event::standby_near);
  CHECK_FALSE(seen(Role::paired, facts));
  facts.wants_pair = false;
  facts.wants_alone = true;
  CHECK(seen(Role::solo, facts) == Event::standby_lost);
  CHECK(seen(Role::paired, facts) == Event::standby_lost);
  CHECK_FALSE(seen(Role::stalled, facts));
  facts.superseded = true;
  for (const Role role : {Role::promoting, Role::solo, Role::paired, Role::stalled})
    CHECK(seen(role, facts) == Event::superseded);
  CHECK_FALSE(seen(Role::demoting, facts));
}

TEST_CASE("a leader goes on alone when its standby cannot have taken over") {
  Facts facts;
  facts.heard_at = kNow.plus_ms(-1'999);
  const auto may = [&](const Settings& settings) {
    return may_prove(Role::stalled, facts, settings, kNow);
  };
  CHECK_FALSE(may(kHeartbeat));
  CHECK(may(kManual));  // Nobody takes over by itself.
  facts.refused = true;
  CHECK(may(kHeartbeat));
  facts.refused = false;
  facts.standby_answers = true;
  CHECK(may(kHeartbeat));
  facts.standby_answers = false;
  facts.heard_at = kNow.plus_ms(-2'000);
  CHECK(may(kHeartbeat));
  CHECK(may_prove(Role::claiming, Facts{}, kHeartbeat, kNow));
  CHECK_FALSE(may_prove(Role::paired, facts, kHeartbeat, kNow));
}

TEST_CASE("a machine remembers its changes, and why") {
  Machine machine(kHeartbeat);
  CHECK(machine.role() == Role::reconciling);
  CHECK(machine.take(Event::follows, kNow) == Action::none);
  CHECK(machine.take(Event::in_sync, kNow) == Action::none);
  CHECK(machine.take(Event::in_sync, kNow) == Action::none);
  CHECK(machine.take(Event::primary_gone, kNow) == Action::prove);
  CHECK(machine.take(Event::proven, kNow.plus_ms(3)) == Action::lead);
  REQUIRE(machine.changes().size() == 4);
  CHECK(machine.changes().back().from == Role::claiming);
  CHECK(machine.changes().back().to == Role::promoting);
  CHECK(machine.changes().back().at == kNow.plus_ms(3));
  CHECK_FALSE(machine.changes().back().why.empty());
}

TEST_CASE("of many changes the last hundred are remembered") {
  Machine machine(kHeartbeat);
  for (int i = 0; i < 200; ++i) {
    machine.take(Event::follows, kNow.plus_ms(i));
    machine.take(Event::link_lost, kNow.plus_ms(i));
  }
  CHECK(machine.changes().size() == Machine::kChangesKept);
  CHECK(machine.changes().back().at == kNow.plus_ms(199));
}

TEST_CASE("whatever the facts are, events come to an end") {
  std::mt19937 random(11);
  const auto coin = [&random] { return random() % 2 == 0; };
  for (int run = 0; run < 20'000; ++run) {
    Facts facts = orphan(random() % 3'000);
    Standing& standing = facts.standing;
    standing.was = static_cast<NodeState::Role>(random() % 3);
    standing.outdated = coin();
    standing.whole = coin();
    standing.follows = coin();
    standing.in_sync = coin();
    if (coin()) standing.peer_end = Position{Term{random() % 3, 1}, random() % 20, 0};
    facts.tried_peer = coin();
    facts.refused = coin();
    facts.serves = coin();
    facts.wants_pair = coin();
    facts.wants_alone = !facts.wants_pair && coin();
    const Settings settings{static_cast<FailoverPolicy>(random() % 3), 500, 2'000};
    auto role = static_cast<Role>(random() % kRoles);
    std::size_t events = 0;
    while (const auto event = classify(role, facts, settings, kNow)) {
      const Rule& rule = rule_for(role, *event);
      REQUIRE(++events <= kRoles);
      if (traits_of(rule.to).leads != traits_of(role).leads) break;  // Other facts follow.
      role = rule.to;
    }
  }
}

TEST_CASE("a standby that is here is not fenced; a primary that is silent or dead is") {
  constexpr Settings kFence{FailoverPolicy::fence, 500, 2'000};
  Facts facts;
  CHECK(needs_fence(Role::stalled, facts, kFence));
  CHECK(needs_fence(Role::claiming, facts, kFence));
  facts.refused = true;
  CHECK(needs_fence(Role::stalled, facts, kFence));
  facts.standby_answers = true;
  CHECK_FALSE(needs_fence(Role::stalled, facts, kFence));
  CHECK_FALSE(needs_fence(Role::claiming, facts, kHeartbeat));
}
