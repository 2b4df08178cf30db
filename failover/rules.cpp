#include "failover/rules.hpp"

namespace tandemq::failover {
namespace {

constexpr std::array<RoleTraits, kRoles> kTraits = {{
    {"reconciling", false, false, false},
    {"syncing", false, false, false},
    {"insync", false, false, false},
    {"claiming", false, false, false},
    {"promoting", true, false, false},
    {"solo", true, true, true},
    {"paired", true, true, true},
    {"stalled", true, false, true},
    {"handing", true, false, true},
    {"demoting", false, false, false},
}};
constexpr std::array<std::string_view, kEvents> kEventNames = {
    "follows",      "in sync",    "link lost",   "outdated", "primary gone", "proven",
    "refuted",      "led before", "listed",      "promote",  "serves",       "standby near",
    "standby lost", "isolated",   "superseded",  "cut off",  "demote",       "drained",
    "taken",        "declined",   "handed over", "failed"};
constexpr std::array<std::string_view, kActions> kActionNames = {
    "none", "prove", "lead", "take vip", "pair", "go alone", "step down", "step aside", "offer"};

using R = Role;
using E = Event;
using A = Action;

// A set of roles, as the bits of their numbers.
constexpr std::uint32_t set(std::initializer_list<Role> roles) {
  std::uint32_t bits = 0;
  for (const Role role : roles) bits |= 1U << index(role);
  return bits;
}
constexpr std::uint32_t kFollowers = set({R::reconciling, R::syncing, R::insync, R::claiming});
constexpr std::uint32_t kLeaders = set({R::solo, R::paired, R::stalled, R::handing});
constexpr std::uint32_t kAll = (1U << kRoles) - 1;

// Several roles that do the same; without `to` they stay what they are.
struct Row {
  std::uint32_t from = 0;
  Event event{};
  Role to{};
  bool stays = false;
  Action action{};
  std::string_view why;
};
constexpr Row go(std::uint32_t from, Event event, Role to, Action action, std::string_view why) {
  return {from, event, to, false, action, why};
}
constexpr Row stay(std::uint32_t from, Event event, std::string_view why, Action action = A::none) {
  return {from, event, {}, true, action, why};
}

constexpr Row kRows[] = {
    go(kFollowers, E::follows, R::syncing, A::none, "it needs what it lacks before it counts"),
    stay(kAll & ~kFollowers, E::follows, "who leads follows nobody in this life"),

    go(set({R::syncing, R::insync}), E::in_sync, R::insync, A::none,
       "it has all that was ever committed, and every commit needs it from now on"),
    stay(kAll & ~set({R::syncing, R::insync}), E::in_sync,
         "said by a primary that this node does not follow any more"),

    go(set({R::reconciling, R::syncing}), E::link_lost, R::reconciling, A::none,
       "it may lack something that was acknowledged, so it looks for the primary again"),
    stay(set({R::insync, R::claiming}), E::link_lost,
         "commits need it until the primary goes on alone, so it may take over as long as that is "
         "impossible"),
    stay(kAll & ~kFollowers, E::link_lost, "a link of the role before"),

    go(set({R::syncing, R::insync}), E::outdated, R::syncing, A::none,
       "acknowledged messages may be missing here from now on"),
    go(set({R::reconciling, R::claiming}), E::outdated, R::reconciling, A::none,
       "acknowledged messages may be missing here from now on"),
    stay(kAll & ~kFollowers, E::outdated, "said of the role before"),

    go(set({R::insync}), E::primary_gone, R::claiming, A::prove,
       "it has all that was acknowledged; what the policy asks for decides"),
    stay(kAll & ~set({R::insync}), E::primary_gone,
         "only a standby in sync takes over (invariant I5)"),

    go(set({R::claiming}), E::proven, R::promoting, A::lead, "nobody else can lead or will"),
    go(set({R::stalled}), E::proven, R::solo, A::go_alone,
       "the standby will not take over, so this node's disk is enough"),
    stay(kAll & ~set({R::claiming, R::stalled}), E::proven, "it comes too late"),

    go(set({R::claiming}), E::refuted, R::insync, A::none,
       "it is asked again as long as it may be"),
    go(set({R::stalled}), E::refuted, R::demoting, A::step_down,
       "the standby may have taken over: whoever cannot rule that out stops"),
    stay(kAll & ~set({R::claiming, R::stalled}), E::refuted, "it comes too late"),

    go(set({R::reconciling}), E::led_before, R::promoting, A::lead,
       "it has all that was acknowledged, and nobody has led since"),
    stay(kAll & ~set({R::reconciling}), E::led_before, "somebody leads, or is about to"),

    go(set({R::reconciling}), E::listed, R::claiming, A::prove,
       "it has all that was acknowledged, says the witness, which decides"),
    stay(kAll & ~set({R::reconciling}), E::listed, "somebody leads, or is about to"),

    go(kFollowers, E::promote, R::promoting, A::lead, "the operator wants it"),
    stay(kAll & ~kFollowers, E::promote, "it leads, or it is about to end"),

    go(set({R::promoting}), E::serves, R::solo, A::take_vip,
       "clients would be refused if the address came before the listeners"),
    stay(kAll & ~set({R::promoting}), E::serves, "it served before"),

    go(set({R::solo}), E::standby_near, R::paired, A::pair,
       "every commit has needed it for a while"),
    stay(kAll & ~set({R::solo}), E::standby_near, "one standby at a time, and only of a primary"),

    go(set({R::solo, R::paired}), E::standby_lost, R::stalled, A::prove,
       "commits need it until it cannot take over any more (invariant I4)"),
    stay(set({R::stalled}), E::standby_lost, "it is lost already"),
    go(set({R::handing}), E::standby_lost, R::demoting, A::step_down,
       "it may lead by now; another life of this node asks it, and leads again if it does not"),
    stay(kAll & ~kLeaders, E::standby_lost, "it has no standby"),

    go(set({R::paired, R::stalled}), E::isolated, R::demoting, A::step_aside,
       "the standby may take over, and could not say so"),
    stay(set({R::handing}), E::isolated,
         "it serves nothing, and its life ends with the link or with the answer"),
    stay(kAll & ~set({R::paired, R::stalled, R::handing}), E::isolated,
         "no standby can take over from it"),

    go(kLeaders | set({R::promoting}), E::superseded, R::demoting, A::step_down,
       "its term is over: a newer one wins"),
    stay(kFollowers, E::superseded, "it leads in no term"),
    stay(set({R::demoting}), E::superseded, "it is on its way"),

    go(set({R::paired, R::stalled, R::handing}), E::cut_off, R::demoting, A::step_down,
       "the standby may have taken over, and nobody is there who could say no (invariant I9)"),
    stay(kAll & ~set({R::paired, R::stalled, R::handing}), E::cut_off,
         "nobody else is listed at the witness"),

    go(kLeaders, E::demote, R::demoting, A::step_down, "the operator wants it"),
    stay(kAll & ~kLeaders, E::demote, "it does not serve"),

    go(set({R::paired}), E::drained, R::handing, A::offer,
       "it has all that was acknowledged, and nothing more comes until it has answered"),
    stay(kAll & ~set({R::paired}), E::drained, "only a standby in sync is handed anything"),

    go(set({R::handing}), E::taken, R::demoting, A::step_down, "the standby leads"),
    stay(kAll & ~set({R::handing}), E::taken, "an answer to the role before"),

    go(set({R::handing}), E::declined, R::paired, A::none,
       "nobody else leads, so all is as it was before"),
    stay(kAll & ~set({R::handing}), E::declined, "an answer to the role before"),

    go(set({R::insync}), E::handed_over, R::promoting, A::lead,
       "it has all that was ever sealed, and the primary seals nothing more"),
    stay(kAll & ~set({R::insync}), E::handed_over,
         "it may lack something, or has told its peer that it may lead"),

    go(kAll & ~set({R::demoting}), E::failed, R::demoting, A::step_down,
       "another life of the node begins with what is on the disk"),
    stay(set({R::demoting}), E::failed, "it is on its way"),
};

constexpr bool covers(const Row& row, Role role, Event event) {
  return row.event == event && (row.from & (1U << index(role))) != 0;
}

constexpr bool is_total_and_unambiguous() {
  for (std::size_t role = 0; role < kRoles; ++role) {
    for (std::size_t event = 0; event < kEvents; ++event) {
      int count = 0;
      for (const Row& row : kRows)
        count += covers(row, static_cast<Role>(role), static_cast<Event>(event)) ? 1 : 0;
      if (count != 1) return false;
    }
  }
  return true;
}
static_assert(is_total_and_unambiguous(), "each role and event has one row");

constexpr std::array<std::array<Rule, kEvents>, kRoles> expand() {
  std::array<std::array<Rule, kEvents>, kRoles> rules{};
  for (const Row& row : kRows) {
    for (std::size_t i = 0; i < kRoles; ++i) {
      const auto role = static_cast<Role>(i);
      if (!covers(row, role, row.event)) continue;
      rules[i][index(row.event)] = {role, row.event, row.stays ? role : row.to, row.action,
                                    row.why};
    }
  }
  return rules;
}
constexpr auto kRules = expand();

template <class Predicate>
constexpr bool holds_for_all(Predicate predicate) {
  for (const auto& of_role : kRules)
    for (const Rule& rule : of_role)
      if (!predicate(rule)) return false;
  return true;
}
constexpr bool leads(Role role) {
  return kTraits[index(role)].leads;
}

// ---------------------------------------------------------------- what is proven

static_assert(holds_for_all([](const Rule& rule) {
                return leads(rule.from) || !leads(rule.to) || rule.to == R::promoting;
              }),
              "who did not lead begins a new term before it serves anybody");
static_assert(holds_for_all([](const Rule& rule) {
                return rule.to != R::promoting || rule.from == R::promoting ||
                       rule.event == E::proven || rule.event == E::led_before ||
                       rule.event == E::promote ||
                       (rule.event == E::handed_over && rule.from == R::insync);
              }),
              "nobody leads without a proof, a past, an operator or an offer (invariant I5)");
static_assert(holds_for_all([](const Rule& rule) {
                return rule.to != R::claiming || rule.from == R::claiming ||
                       rule.from == R::insync || rule.event == E::listed;
              }),
              "only a node in sync takes over by itself (invariant I5)");
static_assert(holds_for_all([](const Rule& rule) {
                return rule.from != R::stalled || rule.to == R::stalled || rule.to == R::demoting ||
                       (rule.to == R::solo && rule.event == E::proven &&
                        rule.action == A::go_alone);
              }),
              "acknowledgements wait until it is proven that the standby stays one (invariant I4)");
static_assert(holds_for_all([](const Rule& rule) {
                return rule.from != R::handing || rule.to == R::handing || rule.to == R::demoting ||
                       (rule.to == R::paired && rule.event == E::declined);
              }),
              "who has offered to lead no more serves again only when that was declined");
static_assert(holds_for_all([](const Rule& rule) {
                return (rule.action == A::go_alone) ==
                       (rule.from == R::stalled && rule.to == R::solo);
              }),
              "alone is written down before anything is acknowledged alone (invariant I4)");
static_assert(holds_for_all([](const Rule& rule) {
                return rule.event != E::superseded || !leads(rule.from) || rule.to == R::demoting;
              }),
              "one leader a term: whoever has seen a newer one stops (invariant I2)");
static_assert(holds_for_all([](const Rule& rule) {
                return !leads(rule.from) || leads(rule.to) || rule.action == A::step_down ||
                       rule.action == A::step_aside;
              }),
              "who led and leads no more stops to serve first (invariant I9)");
static_assert(holds_for_all([](const Rule& rule) {
                return kTraits[index(rule.from)].may_hold_vip ||
                       !kTraits[index(rule.to)].may_hold_vip || rule.event == E::serves;
              }),
              "the address comes when the listeners are open (invariant I9)");
static_assert(holds_for_all([](const Rule& rule) {
                return rule.from != R::demoting || rule.to == R::demoting;
              }),
              "a life that ends does not come back");

}  // namespace

const RoleTraits& traits_of(Role role) {
  return kTraits[index(role)];
}

std::string_view name_of(Role role) {
  return kTraits[index(role)].name;
}

std::string_view name_of(Event event) {
  return kEventNames[index(event)];
}

std::string_view name_of(Action action) {
  return kActionNames[static_cast<std::size_t>(action)];
}

const Rule& rule_for(Role role, Event event) {
  return kRules[index(role)][index(event)];
}

}  // namespace tandemq::failover
