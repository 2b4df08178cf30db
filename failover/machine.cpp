#include "failover/machine.hpp"

#include <algorithm>
#include <array>

namespace tandemq::failover {
namespace {

constexpr std::array<std::string_view, 5> kPolicies = {"auto", "heartbeat", "gateway", "fence",
                                                       "manual"};

// Of gateways: in a part of this time after the last contact nobody claims, so that a standby that
// claims and a primary that goes on alone never do so at once.
constexpr std::uint32_t kMarginShare = 2;

// Between two looks a process that runs lets no such part of heartbeat.timeout_ms pass.
constexpr std::uint32_t kStillShare = 2;

bool is_silent(const Facts& facts, std::uint32_t ms, Instant now) {
  return ms_between(std::max(facts.heard_at, facts.seen_at), now) >= ms;
}

bool is_out_of_touch(const Facts& facts, std::uint32_t ms, Instant now) {
  return ms_between(facts.heard_at, now) >= ms;
}

// The record names who may lead; whether it is time to ask for it is judged here. The end of a
// process is proof; otherwise its promise to a standby and its renewals have to be over.
bool may_ask_witness(const Facts& facts, const Settings& settings, Instant now) {
  const Witnessed& witness = facts.witness;
  if (!witness.may_claim) return false;
  if (witness.own) return true;
  if (settings.policy == FailoverPolicy::manual) return false;
  if (facts.refused || witness.released) return true;
  return is_silent(facts, settings.silent_ms, now) && !witness.unmoved_since.is_never() &&
         ms_between(witness.unmoved_since, now) >= kUnmoved_ms;
}

std::optional<Event> classify_witnessed(Role role, const Facts& facts, const Settings& settings,
                                        Instant now) {
  if (role != Role::reconciling && facts.witness.left_out) return Event::outdated;
  if (role == Role::claiming || !may_ask_witness(facts, settings, now)) return std::nullopt;
  return role == Role::insync ? Event::primary_gone : Event::listed;
}

bool gateway_answers(const Facts& facts, const Settings& settings, Instant now) {
  return !facts.gateway_since.is_never() && ms_between(facts.gateway_at, now) < settings.silent_ms;
}

// This node has had a network since both heard each other last, without a gap.
bool has_no_gap(const Facts& facts) {
  return facts.gateway_since < facts.heard_at;
}

// And had it still when the other one had been silent for so long; so it is that one that has none.
bool has_been_here(const Facts& facts, Instant silent_since, std::uint32_t ms) {
  return has_no_gap(facts) && facts.gateway_at >= silent_since.plus_ms(ms);
}

// Whether a primary may have gone on without this node.
bool may_be_alone(const Facts& facts, const Settings& settings, Instant now) {
  const bool by_gateway = settings.policy == FailoverPolicy::gateway;
  const std::uint32_t margin_ms = by_gateway ? settings.silent_ms / kMarginShare : 0;
  return is_out_of_touch(facts, settings.alone_ms - std::min(settings.alone_ms, margin_ms), now);
}

// Of a node in sync, or claiming, that hears nobody any more.
std::optional<Event> classify_orphan(Role role, const Facts& facts, const Settings& settings,
                                     Instant now) {
  const bool may_lack = facts.standing.outdated || !facts.standing.in_sync;
  if (may_lack || may_be_alone(facts, settings, now)) return Event::outdated;
  const bool gone = facts.refused || is_silent(facts, settings.silent_ms, now);
  if (role == Role::claiming) return gone ? std::nullopt : std::optional(Event::refuted);
  if (!gone || settings.policy == FailoverPolicy::manual) return std::nullopt;
  Standing standing = facts.standing;
  standing.follows = false;  // Of a host that is lost nobody closes the connection.
  if (objection_to_lead(standing) != Objection::none) return std::nullopt;
  return Event::primary_gone;
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
  if (settings.witness) return classify_witnessed(role, facts, settings, now);
  if (role != Role::reconciling) return classify_orphan(role, facts, settings, now);
  if (facts.tried_peer && leads_again(standing)) return Event::led_before;
  return std::nullopt;
}

// Deadlines count from the sending of what was answered.
bool is_cut_off(const Facts& facts, const Settings& settings, Instant now) {
  return settings.witness && ms_between(facts.promised_at, now) >= settings.silent_ms &&
         ms_between(facts.witness.renewed_at, now) >= kRenewalHolds_ms;
}

// Whoever is cut off from everything cannot rule out that its standby takes over; nor can who was,
// for a while, since it heard that one last.
bool is_isolated(Role role, const Facts& facts, const Settings& settings, Instant now) {
  if (settings.policy != FailoverPolicy::gateway || facts.refused) return false;
  if (role != Role::paired && role != Role::stalled) return false;
  if (role == Role::stalled && (facts.standby_answers || facts.standby_noted)) return false;
  if (is_silent(facts, settings.silent_ms, now) && !gateway_answers(facts, settings, now))
    return true;
  return role == Role::stalled && is_out_of_touch(facts, settings.alone_ms, now) &&
         !has_no_gap(facts);
}

std::optional<Event> classify_leader(Role role, const Facts& facts, const Settings& settings,
                                     Instant now) {
  // The claim of whoever was offered the lead may be seen before its answer comes.
  const bool claimed = facts.witness.superseded && role != Role::handing;
  if (facts.superseded || claimed) return Event::superseded;
  if (role == Role::handing) {
    if (facts.move == Feed::Move::taken) return Event::taken;
    if (facts.move == Feed::Move::none) return Event::declined;
  }
  if (is_isolated(role, facts, settings, now)) return Event::isolated;
  if (role == Role::promoting) return facts.serves ? std::optional(Event::serves) : std::nullopt;
  if (role != Role::solo && is_cut_off(facts, settings, now)) return Event::cut_off;
  if (role != Role::stalled && facts.wants_alone) return Event::standby_lost;
  const bool may_pair = !settings.witness || facts.witness.answers;
  if (role == Role::solo && facts.wants_pair && may_pair) return Event::standby_near;
  if (role == Role::paired && facts.move == Feed::Move::drained) return Event::drained;
  return std::nullopt;
}

}  // namespace

Settings settings_of(const Config& config) {
  FailoverPolicy policy = config.failover.policy;
  if (policy == FailoverPolicy::automatic)
    policy = config.failover.gateways.empty() ? FailoverPolicy::heartbeat : FailoverPolicy::gateway;
  const bool witness = !config.witness.etcd.empty();
  if (witness && policy == FailoverPolicy::gateway) policy = FailoverPolicy::heartbeat;
  return {policy, witness, config.failover.silent_ms, config.replication.timeout_ms};
}

std::optional<Event> classify(Role role, const Facts& facts, const Settings& settings,
                              Instant now) {
  if (role == Role::demoting) return std::nullopt;
  return traits_of(role).leads ? classify_leader(role, facts, settings, now)
                               : classify_follower(role, facts, settings, now);
}

bool may_prove(Role role, const Facts& facts, const Settings& settings, Instant now) {
  const bool by_gateway = settings.policy == FailoverPolicy::gateway;
  if (role == Role::claiming)
    return !by_gateway ||
           has_been_here(facts, std::max(facts.heard_at, facts.seen_at), settings.silent_ms) ||
           (facts.refused && gateway_answers(facts, settings, now));
  if (role != Role::stalled) return false;
  if (settings.witness || settings.policy == FailoverPolicy::manual || facts.refused) return true;
  if (facts.standby_answers || facts.standby_noted) return true;
  // Whoever stood still may be led by now, and hears of it first.
  return is_out_of_touch(facts, settings.alone_ms, now) &&
         ms_between(facts.awake_since, now) >= settings.alone_ms &&
         (!by_gateway || has_been_here(facts, facts.heard_at, settings.alone_ms));
}

bool needs_fence(Role role, const Facts& facts, const Settings& settings) {
  // What a witness does not list cannot take over; and who led last ends nobody to lead again.
  const bool yields = facts.standby_answers || facts.standby_noted;
  const bool is_harmless =
      role == Role::stalled ? yields || settings.witness : settings.witness && facts.witness.own;
  return settings.policy == FailoverPolicy::fence && !is_harmless;
}

void Machine::wake(Instant now) {
  const std::int64_t still_ms = settings_.silent_ms / kStillShare;
  if (ms_between(woken_at_, now) >= still_ms) awake_since_ = now;
  woken_at_ = now;
}

Action Machine::take(Event event, Instant now) {
  const Rule& rule = rule_for(role_, event);
  if (rule.to != role_) {
    changes_.push_back({now, role_, event, rule.to, rule.why});
    if (changes_.size() > kChangesKept) changes_.pop_front();
    if (rule.to == Role::stalled) ++losses_;
  }
  role_ = rule.to;
  return rule.action;
}

std::string_view name_of(FailoverPolicy policy) {
  return kPolicies[static_cast<std::size_t>(policy)];
}

}  // namespace tandemq::failover
