#include "failover/machine.hpp"

#include <random>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::failover;

namespace {

constexpr Instant kNow{1'000'000};
constexpr Settings kHeartbeat{FailoverPolicy::heartbeat, false, 500, 2'000};
constexpr Settings kManual{FailoverPolicy::manual, false, 500, 2'000};
constexpr Settings kGateway{FailoverPolicy::gateway, false, 500, 2'000};

// A standby in sync whose link has ended `silent_ms` ago.
Facts orphan(std::int64_t silent_ms) {
  Facts facts;
  facts.standing.in_sync = true;
  facts.standing.term_seen = Term{1, 1};
  facts.standing.end = {Term{1, 1}, 10, 0};
  facts.heard_at = kNow.plus_ms(-silent_ms);
  return facts;
}

// Its gateways have answered without a gap for so long, up to now.
Facts with_gateway(Facts facts, std::int64_t for_ms) {
  facts.gateway_at = kNow;
  facts.gateway_since = kNow.plus_ms(-for_ms);
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

TEST_CASE("a leader whose process stood still listens anew before it goes on alone") {
  Machine machine(kHeartbeat);
  Facts facts;
  facts.heard_at = kNow.plus_ms(-5'000);
  const auto may = [&](Instant now) {
    machine.wake(now);
    facts.awake_since = machine.awake_since();
    return may_prove(Role::stalled, facts, kHeartbeat, now);
  };
  CHECK_FALSE(may(kNow));
  Instant now = kNow;
  for (; now < kNow.plus_ms(1'980); now = now.plus_ms(20)) CHECK_FALSE(may(now));
  CHECK(may(kNow.plus_ms(2'000)));
  CHECK_FALSE(may(kNow.plus_ms(2'250)));
  facts.refused = true;  // That is no silence.
  CHECK(may(kNow.plus_ms(2'260)));
}

TEST_CASE("a standby that hears its primary on the second path does not take over") {
  Facts facts = orphan(1'000);
  facts.seen_at = kNow.plus_ms(-499);
  CHECK_FALSE(seen(Role::insync, facts));
  CHECK(seen(Role::claiming, facts) == Event::refuted);
  facts.seen_at = kNow.plus_ms(-500);
  CHECK(seen(Role::insync, facts) == Event::primary_gone);
  // One that does not hear us may have gone on alone all the same.
  facts = orphan(2'000);
  facts.seen_at = kNow;
  CHECK(seen(Role::insync, facts) == Event::outdated);
}

TEST_CASE("a standby that has noted that it is outdated is waited for no longer, nor fenced") {
  constexpr Settings kFence{FailoverPolicy::fence, false, 500, 2'000};
  for (const Settings& settings : {kHeartbeat, kGateway, kFence}) {
    Facts facts;
    facts.heard_at = facts.seen_at = kNow;
    CHECK_FALSE(may_prove(Role::stalled, facts, settings, kNow));
    facts.standby_noted = true;
    CHECK(may_prove(Role::stalled, facts, settings, kNow));
    CHECK_FALSE(needs_fence(Role::stalled, facts, settings));
  }
}

TEST_CASE("by gateway a standby claims that has had a network since it heard its primary last") {
  const auto may = [](const Facts& facts) {
    return may_prove(Role::claiming, facts, kGateway, kNow);
  };
  CHECK(seen(Role::insync, orphan(500), kGateway) == Event::primary_gone);
  CHECK_FALSE(may(orphan(600)));
  CHECK(may(with_gateway(orphan(600), 10'000)));
  CHECK_FALSE(may(with_gateway(orphan(600), 500)));  // It was cut off for a while itself.
  Facts facts = with_gateway(orphan(600), 10'000);
  facts.gateway_at = kNow.plus_ms(-101);  // And since it ought to have heard it again.
  CHECK_FALSE(may(facts));
  facts.gateway_at = kNow.plus_ms(-100);
  CHECK(may(facts));
  // Who is told by the kernel of the other host that the process is dead needs no more than that.
  facts = with_gateway(orphan(10), 5);
  facts.refused = true;
  CHECK(may(facts));
  facts.gateway_since = Instant::never();
  CHECK_FALSE(may(facts));
}

TEST_CASE("by gateway a standby stops to claim well before its primary goes on alone") {
  CHECK_FALSE(seen(Role::claiming, orphan(1'749), kGateway));
  CHECK(seen(Role::claiming, orphan(1'750), kGateway) == Event::outdated);
  CHECK(seen(Role::insync, orphan(1'750), kGateway) == Event::outdated);
}

TEST_CASE("a primary that reaches neither its standby nor a gateway steps aside at once") {
  for (const Role role : {Role::paired, Role::stalled}) {
    CHECK(seen(role, orphan(500), kGateway) == Event::isolated);
    CHECK_FALSE(seen(role, orphan(499), kGateway));
    CHECK_FALSE(seen(role, with_gateway(orphan(500), 10'000), kGateway));
    CHECK_FALSE(seen(role, orphan(500), kHeartbeat));
    Facts facts = orphan(500);
    facts.seen_at = kNow.plus_ms(-400);
    CHECK_FALSE(seen(role, facts, kGateway));
    facts = orphan(500);
    facts.refused = true;
    CHECK_FALSE(seen(role, facts, kGateway));
  }
  CHECK_FALSE(seen(Role::solo, orphan(500), kGateway));  // Nobody can take over from it.
  CHECK(rule_for(Role::paired, Event::isolated).action == Action::step_aside);
  CHECK(rule_for(Role::paired, Event::isolated).to == Role::demoting);
}

TEST_CASE("by gateway a primary goes on alone if it has had a network since it lost its standby") {
  const auto may = [](const Facts& facts) {
    return may_prove(Role::stalled, facts, kGateway, kNow);
  };
  CHECK(may(with_gateway(orphan(2'000), 10'000)));
  CHECK_FALSE(may(with_gateway(orphan(1'999), 10'000)));
  // Who was cut off meanwhile cannot tell any more, and stops.
  const Facts broken = with_gateway(orphan(2'000), 1'000);
  CHECK_FALSE(may(broken));
  CHECK(seen(Role::stalled, broken, kGateway) == Event::isolated);
  Facts facts = broken;
  facts.standby_noted = true;
  CHECK(may(facts));
  CHECK_FALSE(seen(Role::stalled, facts, kGateway));
}

TEST_CASE("each loss of a standby has a number of its own") {
  Machine machine(kHeartbeat);
  for (const Event event : {Event::promote, Event::serves}) machine.take(event, kNow);
  CHECK(machine.losses() == 0);
  for (std::uint64_t loss = 1; loss <= 3; ++loss) {
    machine.take(Event::standby_near, kNow);
    machine.take(Event::standby_lost, kNow);
    machine.take(Event::standby_lost, kNow);
    CHECK(machine.losses() == loss);
    machine.take(Event::proven, kNow);
  }
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
    facts.seen_at = kNow.plus_ms(-static_cast<std::int64_t>(random() % 3'000));
    if (coin()) facts = with_gateway(facts, random() % 3'000);
    facts.standby_noted = coin();
    facts.serves = coin();
    facts.wants_pair = coin();
    facts.wants_alone = !facts.wants_pair && coin();
    const Settings settings{static_cast<FailoverPolicy>(1 + random() % 4), false, 500, 2'000};
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
  constexpr Settings kFence{FailoverPolicy::fence, false, 500, 2'000};
  Facts facts;
  CHECK(needs_fence(Role::stalled, facts, kFence));
  CHECK(needs_fence(Role::claiming, facts, kFence));
  facts.refused = true;
  CHECK(needs_fence(Role::stalled, facts, kFence));
  facts.standby_answers = true;
  CHECK_FALSE(needs_fence(Role::stalled, facts, kFence));
  CHECK_FALSE(needs_fence(Role::claiming, facts, kHeartbeat));
}

TEST_CASE("the policy is the one that is set, or follows from the gateways") {
  Config config;
  CHECK(settings_of(config).policy == FailoverPolicy::heartbeat);
  config.failover.gateways = {"192.0.2.1"};
  CHECK(settings_of(config).policy == FailoverPolicy::gateway);
  config.failover.policy = FailoverPolicy::manual;
  CHECK(settings_of(config).policy == FailoverPolicy::manual);
}

namespace {

constexpr Settings kWitness{FailoverPolicy::heartbeat, true, 500, 2'000};

// The same, listed by a witness whose record has not moved since.
Facts listed_orphan(std::int64_t silent_ms) {
  Facts facts = orphan(silent_ms);
  facts.witness.may_claim = true;
  facts.witness.unmoved_since = facts.heard_at;
  return facts;
}

}  // namespace

TEST_CASE(
    "with a witness a standby claims when its promise and the renewals are over, or at once") {
  CHECK_FALSE(seen(Role::insync, listed_orphan(899), kWitness));
  CHECK(seen(Role::insync, listed_orphan(900), kWitness) == Event::primary_gone);
  // However long it takes: the record says whether something may be missing.
  CHECK(seen(Role::insync, listed_orphan(60'000), kWitness) == Event::primary_gone);
  Facts renewed = listed_orphan(5'000);
  renewed.witness.unmoved_since = kNow.plus_ms(-899);
  CHECK_FALSE(seen(Role::insync, renewed, kWitness));
  Facts heard = listed_orphan(499);
  heard.witness.unmoved_since = kNow.plus_ms(-5'000);
  CHECK_FALSE(seen(Role::insync, heard, kWitness));
  Facts refused = listed_orphan(1);
  refused.refused = true;
  CHECK(seen(Role::insync, refused, kWitness) == Event::primary_gone);
  Facts released = listed_orphan(1);
  released.witness.released = true;
  CHECK(seen(Role::insync, released, kWitness) == Event::primary_gone);
  Facts unlisted = listed_orphan(5'000);
  unlisted.witness.may_claim = false;
  CHECK_FALSE(seen(Role::insync, unlisted, kWitness));
  unlisted.witness.left_out = true;
  CHECK(seen(Role::insync, unlisted, kWitness) == Event::outdated);
}

TEST_CASE("with a witness a node that comes back claims if it is listed, its own term at once") {
  CHECK(seen(Role::reconciling, listed_orphan(900), kWitness) == Event::listed);
  Facts own = listed_orphan(0);
  own.witness.own = true;
  CHECK(seen(Role::reconciling, own, kWitness) == Event::listed);
  Settings manual = kWitness;
  manual.policy = FailoverPolicy::manual;
  CHECK_FALSE(seen(Role::reconciling, listed_orphan(900), manual));
  CHECK(seen(Role::reconciling, own, manual) == Event::listed);
  own.tried_peer = true;
  own.witness.may_claim = false;
  own.standing.was = NodeState::Role::solo;
  CHECK_FALSE(seen(Role::reconciling, own, kWitness));
}

TEST_CASE("a primary that has neither a promise nor a renewal stops, unless it leads alone") {
  Facts facts;
  facts.serves = true;
  facts.promised_at = kNow.plus_ms(-499);
  facts.witness.renewed_at = kNow.plus_ms(-5'000);
  CHECK_FALSE(seen(Role::paired, facts, kWitness));
  facts.promised_at = kNow.plus_ms(-500);
  CHECK(seen(Role::paired, facts, kWitness) == Event::cut_off);
  CHECK(seen(Role::stalled, facts, kWitness) == Event::cut_off);
  CHECK_FALSE(seen(Role::solo, facts, kWitness));
  CHECK_FALSE(seen(Role::paired, facts));  // Without a witness nothing was promised.
  facts.witness.renewed_at = kNow.plus_ms(-799);
  CHECK_FALSE(seen(Role::stalled, facts, kWitness));
  facts.witness.superseded = true;
  CHECK(seen(Role::solo, facts, kWitness) == Event::superseded);
}

TEST_CASE(
    "with a witness a standby is paired only while it answers, and nobody waits to go alone") {
  Facts facts;
  facts.wants_pair = true;
  CHECK_FALSE(seen(Role::solo, facts, kWitness));
  facts.witness.answers = true;
  CHECK(seen(Role::solo, facts, kWitness) == Event::standby_near);
  CHECK(may_prove(Role::stalled, facts, kWitness, kNow));
  Settings fence = kWitness;
  fence.policy = FailoverPolicy::fence;
  CHECK_FALSE(needs_fence(Role::stalled, facts, fence));
  CHECK(needs_fence(Role::claiming, facts, fence));
  facts.witness.own = true;
  CHECK_FALSE(needs_fence(Role::claiming, facts, fence));
}

TEST_CASE("a planned move follows what the feed says, and the answer counts before the loss") {
  Facts facts;
  facts.serves = true;
  facts.move = Feed::Move::draining;
  CHECK_FALSE(seen(Role::paired, facts));
  facts.move = Feed::Move::drained;
  CHECK(seen(Role::paired, facts) == Event::drained);
  CHECK_FALSE(seen(Role::solo, facts));
  facts.move = Feed::Move::offered;
  CHECK_FALSE(seen(Role::handing, facts));
  facts.witness.superseded = true;  // The standby has claimed, and is about to say so.
  CHECK_FALSE(seen(Role::handing, facts));
  CHECK(seen(Role::paired, facts) == Event::superseded);
  facts.wants_alone = true;
  CHECK(seen(Role::handing, facts) == Event::standby_lost);
  facts.move = Feed::Move::taken;
  CHECK(seen(Role::handing, facts) == Event::taken);
  facts.wants_alone = facts.witness.superseded = false;
  facts.move = Feed::Move::none;
  CHECK(seen(Role::handing, facts) == Event::declined);
}
