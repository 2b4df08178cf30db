// PairNode: who leads: node/node_roles and failover/agent over the real rules.
#include "tests/sim/pair_node.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {

using failover::Action;
using failover::Event;
using FailoverRole = failover::Role;

namespace {

constexpr std::int64_t kLookEveryMs = 25;

}  // namespace

failover::Standing PairNode::standing() const {
  const Life& life = *life_;
  const Standby& standby = *life.standby;
  failover::Standing standing;
  standing.was = file_.role;
  standing.outdated = file_.outdated;
  standing.whole = !standby.differs() && !life.image;
  standing.follows = life.link != 0 && standby.phase() != Standby::Phase::greeting;
  standing.in_sync = standby.in_sync() && !life.let_peer_lead;
  standing.term_seen = file_.term_seen;
  standing.end = standby.end();
  standing.peer_end = life.peer_end;
  standing.peer_term = life.peer_term;
  standing.peer_yields = life.peer_yields;
  return standing;
}

failover::Facts PairNode::failover_facts() const {
  const Life& life = *life_;
  failover::Facts facts;
  facts.tried_peer = life.tried_peer;
  facts.awake_since = life.machine.awake_since();
  if (life.primary) {
    const Feed::Status status = life.feed->status(world_.now);
    facts.heard_at = status.silent_since;
    facts.seen_at = status.heard_at;
    facts.serves = true;
    facts.wants_pair = life.feed->wish() == Feed::Wish::pair;
    facts.wants_alone =
        life.feed->wish() == Feed::Wish::alone || (life.feed->has_offered() && life.link == 0);
    facts.standby_answers = status.answers;
    facts.superseded = life.feed->superseded_by().has_value();
    facts.promised_at = status.promised_at;
    facts.move = life.feed->move();
  } else {
    facts.standing = standing();
    facts.heard_at = life.standby->heard_at();
  }
  add_paths(facts);
  facts.refused =
      life.refused_at.ms > 0 && std::max(facts.heard_at, facts.seen_at) <= life.refused_at;
  if (has_witness())
    facts.witness = witnessed(*life.witness.dialogue, facts.standing, number(), world_.now);
  return facts;
}

bool PairNode::follows() const {
  return life_ && !life_->primary && !life_->stopped && life_->again_at.is_never();
}

bool PairNode::stands_back() const {
  return follows() && file_.role == NodeState::Role::primary &&
         objection_to_lead(standing()) == failover::Objection::peer_has_more;
}

bool PairNode::may_lead() const {
  if (!follows()) return false;
  return has(PairFault::promotes_behind) ||
         objection_to_lead(standing()) == failover::Objection::none;
}

void PairNode::promote(bool forced) {
  if (life_->witness.offered) return;  // It is refused.
  life_->forced = forced;
  if (!has_witness()) return take(Event::promote);
  life_->witness.promotes = true;
  begin_claim(true);
  look();
}

// ---------------------------------------------------------------- the agent

void PairNode::look() {
  Life& life = *life_;
  if (!life.again_at.is_never() || (life.stopped && !life.primary)) return;
  life.look_at = world_.now.plus_ms(kLookEveryMs);
  life.machine.wake(world_.now);
  if (has_witness()) take_verdict();
  while (const auto event = life.machine.classify(failover_facts(), world_.now)) {
    take(*event);
    if (!life.again_at.is_never()) return;
  }
  if (has(PairFault::alone_unproven) && life.machine.role() == FailoverRole::stalled)
    return take(Event::proven);
  const bool may =
      may_prove(life.machine.role(), failover_facts(), life.machine.settings(), world_.now);
  if (may && life.proof_at.is_never() && !life.witness.proves) prove();
  if (has_witness() && life.again_at.is_never()) ask_witness();
  if (runs()) tell_news();
}

void PairNode::take(Event event) {
  Life& life = *life_;
  const FailoverRole before = life.machine.role();
  const Action action = life.machine.take(event, world_.now);
  if (life.machine.role() != before) {
    life.proof_at = Instant::never();
    life.witness.proves = life.witness.admits = false;
    const bool gives_up = before == FailoverRole::claiming && !life.witness.promotes &&
                          !life.witness.offered && life.machine.role() != FailoverRole::promoting;
    if (has_witness() && gives_up) life.witness.dialogue->watch();
    tell(std::string(name_of(before)) + " -> " + std::string(name_of(life.machine.role())) + " (" +
         std::string(name_of(event)) + ")");
  }
  const FailoverRole role = life.machine.role();
  if (role == FailoverRole::stalled || role == FailoverRole::handing ||
      role == FailoverRole::demoting)
    life.permitted = Feed::Wish::none;
  switch (action) {
    case Action::none:
    case Action::prove:
    case Action::take_vip:
      return;
    case Action::lead:
      lead(std::exchange(life.forced, false));
      return look();
    case Action::pair:
      if (has_witness()) return begin_admission();
      [[fallthrough]];
    case Action::go_alone:
      life.permitted = action == Action::pair ? Feed::Wish::pair : Feed::Wish::alone;
      return fulfil();
    case Action::offer:
      life.feed->offer();
      return finish_batch();
    case Action::step_down:
    case Action::step_aside:
      return begin_again(std::string(name_of(event)), action == Action::step_aside);
  }
}

// A fence takes its time, and may fail; what it has switched off is off.
void PairNode::prove() {
  Life& life = *life_;
  const FailoverRole role = life.machine.role();
  if (role != FailoverRole::claiming && role != FailoverRole::stalled) return;
  if (has_witness()) {
    if (life.witness.promotes || life.witness.offered || world_.now < life.witness.again_at) return;
    life.witness.proves = true;
    return role == FailoverRole::stalled ? life.witness.dialogue->alone() : begin_claim(false);
  }
  if (!needs_fence(role, failover_facts(), life.machine.settings())) return take(Event::proven);
  begin_fence();
}

void PairNode::begin_fence() {
  life_->proof_at = world_.now.plus_ms(world_.luck.below(400));
}

void PairNode::end_proof() {
  Life& life = *life_;
  life.proof_at = Instant::never();
  const bool ended = !world_.luck.once_in(8);
  if (ended) world_.fence(other(index_));
  tell(ended ? "has fenced the other one" : "could not fence the other one");
  if (ended) return take(Event::proven);
  if (life.machine.role() == FailoverRole::claiming) take(Event::refuted);
}

}  // namespace tandemq::sim
