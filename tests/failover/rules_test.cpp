#include "failover/rules.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq::failover;

// That the table is total and safe is proven when it is compiled; these are its ways through.

namespace {

Role walk(Role role, std::initializer_list<Event> events) {
  for (const Event event : events) role = rule_for(role, event).to;
  return role;
}

}  // namespace

TEST_CASE("a standby in sync takes over when what the policy asks for is proven") {
  CHECK(walk(Role::reconciling, {Event::follows, Event::in_sync}) == Role::insync);
  CHECK(rule_for(Role::insync, Event::primary_gone).action == Action::prove);
  CHECK(rule_for(Role::claiming, Event::proven).action == Action::lead);
  CHECK(walk(Role::insync, {Event::primary_gone, Event::proven, Event::serves}) == Role::solo);
  CHECK(walk(Role::insync, {Event::primary_gone, Event::refuted}) == Role::insync);
  CHECK(walk(Role::insync, {Event::primary_gone, Event::follows}) == Role::syncing);
  CHECK(walk(Role::syncing, {Event::primary_gone, Event::proven}) == Role::syncing);
}

TEST_CASE("a primary holds what it would acknowledge until its standby stays one") {
  CHECK(walk(Role::solo, {Event::standby_near}) == Role::paired);
  CHECK(walk(Role::paired, {Event::standby_lost}) == Role::stalled);
  CHECK_FALSE(traits_of(Role::stalled).acknowledges);
  CHECK(rule_for(Role::stalled, Event::standby_lost).action == Action::none);
  CHECK(rule_for(Role::stalled, Event::proven).action == Action::go_alone);
  CHECK(walk(Role::stalled, {Event::proven}) == Role::solo);
  CHECK(walk(Role::stalled, {Event::refuted}) == Role::demoting);
}

TEST_CASE("whoever has seen a newer term stops to serve, and does not come back in this life") {
  for (const Role role : {Role::solo, Role::paired, Role::stalled, Role::promoting}) {
    CHECK(rule_for(role, Event::superseded).action == Action::step_down);
    Role end = walk(role, {Event::superseded});
    for (std::size_t event = 0; event < kEvents; ++event) {
      end = walk(end, {static_cast<Event>(event)});
      CHECK(end == Role::demoting);
    }
  }
}

TEST_CASE("a primary that has offered the lead serves again only when that was declined") {
  CHECK(rule_for(Role::paired, Event::drained).action == Action::offer);
  CHECK(walk(Role::paired, {Event::drained, Event::declined}) == Role::paired);
  CHECK(walk(Role::paired, {Event::drained, Event::taken}) == Role::demoting);
  CHECK(walk(Role::paired, {Event::drained, Event::standby_lost}) == Role::demoting);
  CHECK(walk(Role::paired, {Event::drained, Event::proven}) == Role::handing);
  CHECK_FALSE(traits_of(Role::handing).acknowledges);
  for (const Role role : {Role::solo, Role::stalled, Role::promoting})
    CHECK(rule_for(role, Event::drained).action == Action::none);
}

TEST_CASE("only a standby in sync takes what is handed over") {
  CHECK(rule_for(Role::insync, Event::handed_over).action == Action::lead);
  for (const Role role : {Role::reconciling, Role::syncing, Role::claiming, Role::solo})
    CHECK(rule_for(role, Event::handed_over).to == role);
}

TEST_CASE("the address may be here only while the listeners are open") {
  CHECK_FALSE(traits_of(Role::promoting).may_hold_vip);
  CHECK(rule_for(Role::promoting, Event::serves).action == Action::take_vip);
  CHECK(traits_of(Role::solo).may_hold_vip);
  CHECK_FALSE(traits_of(Role::demoting).may_hold_vip);
}

TEST_CASE("every role, event and action has a name, and every row a reason") {
  for (std::size_t role = 0; role < kRoles; ++role) {
    CHECK_FALSE(name_of(static_cast<Role>(role)).empty());
    for (std::size_t event = 0; event < kEvents; ++event) {
      CHECK_FALSE(name_of(static_cast<Event>(event)).empty());
      CHECK_FALSE(rule_for(static_cast<Role>(role), static_cast<Event>(event)).why.empty());
    }
  }
  for (std::size_t action = 0; action < kActions; ++action)
    CHECK_FALSE(name_of(static_cast<Action>(action)).empty());
}
