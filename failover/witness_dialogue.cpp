#include "failover/witness_dialogue.hpp"

#include <utility>
#include <variant>

namespace tandemq::failover {
namespace {

constexpr std::int64_t kRenew_ms = 250;
constexpr std::int64_t kWatch_ms = 1'000;
constexpr std::int64_t kWatchUrgently_ms = 100;
constexpr std::int64_t kAgain_ms = 100;

const std::string kNoRecord =
    "The witness has no record of this cluster: 'tandemqctl witness init' on the node that is to "
    "lead writes the first one, 'tandemqctl witness repair' one that was lost";

}  // namespace

// ---------------------------------------------------------------- what is wanted

void WitnessDialogue::begin(Want want, Verdict verdict) {
  ++wishes_;
  want_ = want;
  verdict_ = verdict;
  why_.clear();
  wished_at_ = {};
  if (verdict == Verdict::pending) again_at_ = {};
}

void WitnessDialogue::watch() {
  begin(Want::watch, Verdict::done);
}

void WitnessDialogue::claim(const Claim& claim) {
  begin(Want::claim, Verdict::pending);
  claim_ = claim;
  ours_ = claim.term;
  if (claim.offered) knows_ = false;  // It may have been listed a moment ago.
}

void WitnessDialogue::hold() {
  begin(Want::hold, Verdict::done);
}

void WitnessDialogue::admit(const WitnessMember& standby) {
  begin(Want::admit, Verdict::pending);
  standby_ = standby;
}

void WitnessDialogue::alone() {
  begin(Want::alone, Verdict::pending);
}

void WitnessDialogue::release() {
  begin(Want::release, Verdict::pending);
}

void WitnessDialogue::establish(const WitnessRecord& record) {
  begin(Want::establish, Verdict::pending);
  record_ = record;
}

void WitnessDialogue::refuse(std::string why) {
  verdict_ = Verdict::refused;
  why_ = std::move(why);
}

// ---------------------------------------------------------------- what is asked

Result<WitnessRecord> WitnessDialogue::claimed(const Claim& claim) const {
  if (!entry_.record) return failure(kNoRecord);
  const WitnessRecord& record = *entry_.record;
  if (claim.offered && record.term != *claim.offered)
    return failure("node '" + record.primary + "' has claimed a newer term meanwhile");
  if (!claim.forced) return tandemq::claim(record, us_, claim.term, claim.pair_here);
  if (claim.term.counter <= record.term.counter)
    return failure("node '" + record.primary + "' has claimed a newer term meanwhile");
  WitnessRecord next = first_record(us_, claim.term, mode_);
  next.renew = record.renew + 1;
  next.settled = false;
  return next;
}

Result<WitnessRecord> WitnessDialogue::wanted() const {
  if (want_ == Want::establish) return record_;
  if (!entry_.record) return failure(kNoRecord);
  const WitnessRecord& record = *entry_.record;
  switch (want_) {
    case Want::claim:
      return claimed(claim_);
    case Want::admit:
      return tandemq::admit(record, ours_, standby_, mode_);
    case Want::alone:
      return go_alone(record, ours_);
    case Want::release:
      return tandemq::release(record, ours_);
    default:
      return renewed(record, ours_);
  }
}

std::optional<WitnessDialogue::Request> WitnessDialogue::due(Instant now) {
  if (asking_ || now < again_at_) return std::nullopt;
  if (!knows_) return read(now);
  if (verdict_ == Verdict::pending) return swap(now);
  if (want_ == Want::claim || want_ == Want::release) return std::nullopt;
  const bool watches = want_ == Want::watch;
  const std::int64_t every_ms = !watches ? kRenew_ms : urgent_ ? kWatchUrgently_ms : kWatch_ms;
  if (ms_between(sent_at_, now) < every_ms) return std::nullopt;
  return watches ? read(now) : swap(now);  // What has been granted is kept.
}

std::optional<WitnessDialogue::Request> WitnessDialogue::read(Instant now) {
  asking_ = true;
  swapping_ = false;
  sent_at_ = now;
  return Request{};
}

std::optional<WitnessDialogue::Request> WitnessDialogue::swap(Instant now) {
  if (verdict_ != Verdict::pending) want_ = Want::hold;
  auto record = wanted();
  if (!record) {
    if (verdict_ == Verdict::pending) refuse(record.error().text);
    trouble_ = record.error().text;
    // Whether the record comes back, or somebody else has written one.
    return want_ == Want::claim ? std::nullopt : read(now);
  }
  asking_ = swapping_ = true;
  asked_wish_ = wishes_;
  sent_at_ = now;
  if (wished_at_.ms == 0) wished_at_ = now;
  const bool over_damage = want_ == Want::establish && damaged_revision_ != 0;
  return Request{over_damage ? damaged_revision_ : entry_.revision, std::move(*record)};
}

// ---------------------------------------------------------------- what is answered

bool WitnessDialogue::is_ours() const {
  return entry_.record && entry_.record->term == ours_ && entry_.record->primary == us_.node;
}

bool WitnessDialogue::superseded() const {
  return knows_ && entry_.record && ours_ < entry_.record->term;
}

void WitnessDialogue::know(const WitnessEntry& entry, Instant now) {
  if (!knows_ || entry.revision != entry_.revision) unmoved_since_ = now;
  knows_ = true;
  entry_ = entry;
  damaged_revision_ = 0;
  answered_at_ = now;
  trouble_ = entry.record ? std::string() : kNoRecord;
}

void WitnessDialogue::take(const WitnessOutcome& outcome, Instant now) {
  asking_ = false;
  if (const auto* unknown = std::get_if<WitnessUnknown>(&outcome)) {
    trouble_ = unknown->why;
    damaged_revision_ = unknown->damaged_revision;
    if (damaged_revision_ != 0) knows_ = true;  // That there is none.
    again_at_ = now.plus_ms(kAgain_ms);
    const bool offered = want_ == Want::claim && claim_.offered && wished_at_.ms == 0;
    if (offered && verdict_ == Verdict::pending) refuse("it does not answer: " + unknown->why);
    return;
  }
  if (const auto* conflict = std::get_if<WitnessConflict>(&outcome)) {
    know(conflict->entry, now);
    return take_conflict();
  }
  know(std::get<WitnessDone>(outcome).entry, now);
  if (!swapping_) return;
  if (is_ours()) renewed_at_ = sent_at_;
  if (asked_wish_ == wishes_) verdict_ = Verdict::done;
}

// Of a wish of a leader the next swap finds out what it means.
void WitnessDialogue::take_conflict() {
  if (want_ != Want::claim || verdict_ != Verdict::pending || asked_wish_ != wishes_) return;
  if (is_ours()) {  // An answer of it was lost.
    verdict_ = Verdict::done;
    renewed_at_ = wished_at_;
  } else if (!claim_.peer_dead && !claim_.forced) {
    refuse("the record has changed: the primary lives, or another node leads");
  }
}

}  // namespace tandemq::failover
