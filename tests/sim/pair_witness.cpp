// PairNode: what it says to the witness: failover/agent_witness over a witness whose questions and
// answers get lost, and arrive late.
#include "tests/sim/pair_node.hpp"

#include <utility>

namespace tandemq::sim {

using failover::Event;
using failover::WitnessDialogue;
using FailoverRole = failover::Role;

namespace {

constexpr std::int64_t kAskAgainMs = 200;
constexpr std::int64_t kTimeoutMs = 300;

}  // namespace

void PairNode::meet_witness() {
  if (world_.witness == nullptr) return;
  Asking& witness = life_->witness;
  witness.way = world_.witness->connect(file_.node);
  witness.dialogue.emplace(WitnessMember{file_.node, life_->incarnation, boot()},
                           config_.replication.mode);
}

void PairNode::ask_witness() {
  Asking& witness = life_->witness;
  witness.dialogue->set_urgent(!life_->primary);
  const auto request = witness.dialogue->due(world_.now);
  if (!request) return;
  Witness::Callback done = [this](const WitnessOutcome& outcome) {
    life_->witness.dialogue->take(outcome, world_.now);
    look();
  };
  if (request->expects) {
    witness.way->swap(*request->expects, request->record, std::move(done));
  } else {
    witness.way->read(std::move(done));
  }
  witness.arrived = false;
  witness.lost = world_.luck.once_in(world_.plan.witness_lost_once_in);
  witness.at = world_.now.plus_ms(witness.lost ? kTimeoutMs : world_.luck.below(10));
}

void PairNode::carry_question() {
  Asking& witness = life_->witness;
  if (witness.lost) {
    witness.at = Instant::never();
    return world_.witness->time_out(file_.node);
  }
  if (!std::exchange(witness.arrived, true)) {
    world_.witness->arrive(file_.node);
    witness.lost = world_.luck.once_in(world_.plan.witness_lost_once_in);
    witness.at = world_.now.plus_ms(witness.lost ? kTimeoutMs : world_.luck.below(10));
    return;
  }
  witness.at = Instant::never();
  world_.witness->answer(file_.node);
  // It stalls, and was not asked anew.
  if (witness.at.is_never()) world_.witness->time_out(file_.node);
}

void PairNode::begin_claim(bool forced) {
  Asking& witness = life_->witness;
  const failover::Facts facts = failover_facts();
  WitnessDialogue::Claim claim = claim_of(*witness.dialogue, facts.standing, number());
  claim.forced = forced;
  claim.peer_dead = facts.refused || facts.witness.released || facts.witness.own;
  witness.term = claim.term;
  witness.fences = needs_fence(life_->machine.role(), facts, life_->machine.settings());
  witness.dialogue->claim(claim);
}

void PairNode::claim_as_offered() {
  Asking& witness = life_->witness;
  const failover::Standing standing = failover_facts().standing;
  WitnessDialogue::Claim claim = claim_of(*witness.dialogue, standing, number());
  claim.offered = standing.end.term;
  claim.peer_dead = true;
  witness.term = claim.term;
  witness.offered = true;
  witness.offer = life_->link;
  witness.dialogue->claim(claim);
  life_->look_at = world_.now;
}

void PairNode::end_offer(bool agrees) {
  Life& life = *life_;
  const std::string why = life.witness.dialogue->why();
  life.witness.offered = false;
  tell(agrees ? "is offered the lead, and the witness agrees" : "declines: " + why);
  if (agrees) return lead_as_offered();
  life.witness.dialogue->watch();
  if (life.link == 0 || life.link != life.witness.offer) return;
  life.standby->decline(why);
  drain();
}

void PairNode::begin_admission() {
  const Hello& hello = life_->feed->standby_hello();
  life_->witness.admits = true;
  life_->witness.dialogue->admit(
      {other(index_) == 0 ? "a" : "b", hello.incarnation, hello.boot_id});
}

// As the agent's establish().
void PairNode::repair_witness() {
  Life& life = *life_;
  const bool paired = life.machine.role() == FailoverRole::paired && !life.witness.admits;
  WitnessRecord record = first_record(life.witness.dialogue->us(), life.witness.dialogue->ours(),
                                      config_.replication.mode);
  const Hello& hello = life.feed->standby_hello();
  if (paired)
    record.insync.push_back({other(index_) == 0 ? "a" : "b", hello.incarnation, hello.boot_id});
  life.witness.dialogue->establish(record);
  look();
}

void PairNode::take_verdict() {
  Asking& witness = life_->witness;
  const WitnessDialogue::Verdict verdict = witness.dialogue->verdict();
  if (verdict == WitnessDialogue::Verdict::pending) return;
  const bool agrees = verdict == WitnessDialogue::Verdict::done;
  if (std::exchange(witness.promotes, false)) {
    tell(agrees ? "is promoted by the witness" : "is not promoted: " + witness.dialogue->why());
    if (agrees) return take(Event::promote);
    return witness.dialogue->watch();
  }
  if (witness.offered) return end_offer(agrees);
  if (witness.admits) {
    if (agrees) {
      witness.admits = false;
      life_->permitted = Feed::Wish::pair;
      fulfil();
    } else if (world_.now >= witness.again_at) {
      witness.again_at = world_.now.plus_ms(kAskAgainMs);
      begin_admission();
    }
    return;
  }
  if (!std::exchange(witness.proves, false)) return;
  const WitnessDialogue::Want want = witness.dialogue->want();
  if (want != WitnessDialogue::Want::claim && want != WitnessDialogue::Want::alone) return;
  if (!agrees) witness.again_at = world_.now.plus_ms(kAskAgainMs);
  tell(agrees ? "has the witness's word" : "is refused by the witness: " + witness.dialogue->why());
  if (agrees && life_->machine.role() == FailoverRole::claiming && witness.fences)
    return begin_fence();
  proven(agrees);
}

void PairNode::proven(bool holds) {
  if (!holds && life_->machine.role() == FailoverRole::stalled) return;
  take(holds ? Event::proven : Event::refuted);
}

}  // namespace tandemq::sim
