#include "failover/machine.hpp"

#include <algorithm>
#include <array>

namespace tandemq::failover {
namespace {

constexpr std::array<std::string_view, 3> kPolicies = {"heartbeat", "fence", "manual"};

bool is_silent(const Facts& facts, std::uint32_t ms, Instant now) {
  return ms_between(facts.heard_at, now) >= ms;
}

// Of a node in sync, or claiming, that hears nobody any more.
std::optional<Event> classify_orphan(Role role, const Facts& facts, const Settings& settings,
                                     Instant now) {
  const bool may_lack = facts.standing.outdated || !facts.standing.in_sync;
  if (may_lack || is_silent(facts, settings.alone_ms, now)) return Event::outdated;
  if (role == Role::claiming || settings.policy == FailoverPolicy::manual) return std::nullopt;
  Standing standing = facts.standing;
  standing.follows = false;  // Of a host that is lost nobody closes the connection.
  if (objection_to_lead(standing) != Objection::none) return std::nullopt;
  const bool gone = facts.refused || is_silent(facts, settings.silent_ms, now);
  return gone ? std::optional(Event::primary_gone) : std::nullopt;
}

std::optional<Event> classify_follower(Role role, const Facts& facts, const Settings& settings,
                                       Instant now) {
  const Standing& standing = facts.standing;
  // A connection to a primary that says nothing is none, where somebody acts upon that.
  const bool hears =
      settings.policy == FailoverPolicy::manual || !is_silent(facts, settings.silent_ms, now);
  if (standing.follows && hears) {
    if (role == Role::reconciling || role == Role::claiming) return Event::follows;
    if (role == Role::insync && !standing.in_sync) return Event::outdated;
    if (role == Role::syncing && standing.in_sync) return Event::in_sync;
    return std::nullopt;
  }
  if (role == Role::syncing) return Event::link_lost;
  if (role != Role::reconciling) return classify_orphan(role, facts, settings, now);
  if (facts.tried_peer && leads_again(standing)) return Event::led_before;
  return std::nullopt;
}

std::optional<Event> classify_leader(Role role, const Facts& facts) {
  if (facts.superseded) return Event::superseded;
  if (role == Role::promoting) return facts.serves ? std::optional(Event::serves) : std::nullopt;
  if (role != Role::stalled && facts.wants_alone) return Event::standby_lost;
  if (role == Role::solo && facts.wants_pair) return Event::standby_near;
  return std::nullopt;
}

}  // namespace

std::optional<Event> classify(Role role, const Facts& facts, const Settings& settings,
                              Instant now) {
  if (role == Role::demoting) return std::nullopt;
  return traits_of(role).leads ? classify_leader(role, facts)
                               : classify_follower(role, facts, settings, now);
}

bool may_prove(Role role, const Facts& facts, const Settings& settings, Instant now) {
  if (role == Role::claiming) return true;
  if (role != Role::stalled) return false;
  return settings.policy == FailoverPolicy::manual || facts.refused || facts.standby_answers ||
         is_silent(facts, settings.alone_ms, now);
}

bool needs_fence(Role role, const Facts& facts, const Settings& settings) {
  const bool is_here = role == Role::stalled && facts.standby_answers;
  return settings.policy == FailoverPolicy::fence && !is_here;
}

Action Machine::take(Event event, Instant now) {
  const Rule& rule = rule_for(role_, event);
  if (rule.to != role_) {
    changes_.push_back({now, role_, event, rule.to, rule.why});
    if (changes_.size() > kChangesKept) changes_.pop_front();
  }
  role_ = rule.to;
  return rule.action;
}

std::string_view name_of(FailoverPolicy policy) {
  return kPolicies[static_cast<std::size_t>(policy)];
}

}  // namespace tandemq::failover
