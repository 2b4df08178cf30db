// Agent: what it asks the witness, and what it makes of the answers.
#include "failover/agent.hpp"

#include <utility>

#include <asio/post.hpp>

namespace tandemq::failover {
namespace {

constexpr std::int64_t kAskAgain_ms = 200;

}  // namespace

void Agent::ask_witness() {
  if (!dialogue_ || stopped_) return;
  const Facts seen = ports_.facts();
  const bool hears = seen.standing.follows &&
                     ms_between(seen.heard_at, ports_.now()) < config_.settings.silent_ms / 3;
  dialogue_->set_urgent(!hears);
  const auto request = dialogue_->due(ports_.now());
  if (!request) return;
  Witness::Callback done = [this](const WitnessOutcome& outcome) {
    dialogue_->take(outcome, ports_.now());
    tell_trouble();
    look();
  };
  if (request->expects) {
    witness_->swap(*request->expects, request->record, std::move(done));
  } else {
    witness_->read(std::move(done));
  }
}

void Agent::begin_claim(bool forced, const Facts& facts) {
  WitnessDialogue::Claim claim = claim_of(*dialogue_, facts.standing, config_.term_number);
  claim.forced = forced;
  claim.peer_dead = facts.refused || facts.witness.released || facts.witness.own;
  term_ = claim.term;
  fences_ =
      needs_fence(machine_.role(), facts, config_.settings);  // The claim itself changes that.
  dialogue_->claim(claim);
}

void Agent::take_verdict() {
  if (!dialogue_ || releases_ || dialogue_->verdict() == WitnessDialogue::Verdict::pending) return;
  if (promotes_) return end_promotion();
  if (offered_) return end_offer();
  if (admits_) return end_admission();
  if (!std::exchange(awaits_verdict_, false)) return;
  using Want = WitnessDialogue::Want;
  if (dialogue_->want() != Want::claim && dialogue_->want() != Want::alone) {
    proving_ = false;  // The operator has wished for something else meanwhile: it is asked anew.
    return;
  }
  const bool agrees = dialogue_->verdict() == WitnessDialogue::Verdict::done;
  if (!agrees) ask_again_at_ = ports_.now().plus_ms(kAskAgain_ms);
  if (agrees && machine_.role() == Role::claiming && fences_) return fence_to_prove(proof_);
  proven(proof_, agrees, agrees ? "the witness agrees" : dialogue_->why());
}

void Agent::end_promotion() {
  promotes_ = false;
  const bool asked = dialogue_->want() == WitnessDialogue::Want::claim;
  if (asked && dialogue_->verdict() == WitnessDialogue::Verdict::done) return take(Event::promote);
  ports_.log(Weight::error, "failover: not promoted: " + dialogue_->why());
  dialogue_->watch();
}

void Agent::claim_as_offered(std::function<void(const Result<void>&)> answered) {
  offered_ = std::move(answered);
  if (promotes_) return answer_offer(failure("its operator has it promoted already"));
  const Standing standing = facts().standing;
  WitnessDialogue::Claim claim = claim_of(*dialogue_, standing, config_.term_number);
  claim.offered = standing.end.term;
  claim.peer_dead = true;  // What it renews means nothing any more.
  term_ = claim.term;
  dialogue_->claim(claim);
  look();
}

// A refusal is the end of it: nothing was claimed, and nothing that is under way can be done.
void Agent::end_offer() {
  const bool asked = dialogue_->want() == WitnessDialogue::Want::claim;
  if (asked && dialogue_->verdict() == WitnessDialogue::Verdict::done) return answer_offer({});
  Result<void> refused = failure("the witness: " + dialogue_->why());
  dialogue_->watch();
  answer_offer(std::move(refused));
}

void Agent::answer_offer(Result<void> answer) {
  asio::post(io_, [answered = std::exchange(offered_, nullptr), answer = std::move(answer)] {
    answered(answer);
  });
}

// It is told so by the Feed, when that is written down here too.
void Agent::end_admission() {
  const bool asked = dialogue_->want() == WitnessDialogue::Want::admit;
  if (asked && dialogue_->verdict() == WitnessDialogue::Verdict::done) {
    admits_ = false;
    permitted_ = Feed::Wish::pair;
    asio::post(io_, ports_.wish_permitted);
  } else if (ports_.now() >= ask_again_at_) {
    ask_again_at_ = ports_.now().plus_ms(kAskAgain_ms);
    dialogue_->admit(ports_.standby());
  }
}

void Agent::release() {
  if (!dialogue_ || dialogue_->renewed_at().ms == 0 || std::exchange(releases_, true)) return;
  dialogue_->release();
  ask_witness();
}

bool Agent::has_released() const {
  return !releases_ || dialogue_->verdict() != WitnessDialogue::Verdict::pending;
}

Result<void> Agent::establish() {
  if (!dialogue_) return failure("There is no witness: witness.etcd is not set.");
  if (!dialogue_->knows())
    return failure("The witness has not answered yet: " + dialogue_->trouble());
  if (dialogue_->entry().record)
    return failure("The witness has a record of this cluster; 'tandemqctl witness show' shows it.");
  const Facts seen = ports_.facts();
  if (seen.standing.follows) return failure("A primary is connected: do this there.");
  const Role role = machine_.role();
  WitnessRecord record =
      first_record(config_.us, traits_of(role).leads ? dialogue_->ours() : seen.standing.term_seen,
                   config_.mode);
  if (role == Role::paired && !admits_) record.insync.push_back(ports_.standby());
  dialogue_->establish(record);
  ask_witness();
  return {};
}

void Agent::tell_trouble() {
  const std::string& trouble = dialogue_->trouble();
  if (std::exchange(told_trouble_, !trouble.empty()) == !trouble.empty()) return;
  if (trouble.empty()) {
    ports_.log(Weight::info, "witness: it answers");
  } else {
    ports_.log(Weight::warning, "witness: " + trouble);
  }
}

}  // namespace tandemq::failover
