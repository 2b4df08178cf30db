#include "failover/witnessed.hpp"

#include <algorithm>

namespace tandemq::failover {
namespace {

constexpr std::int64_t kAnswers_ms = 1'500;

bool lists(const WitnessRecord& record, const std::string& node) {
  return std::any_of(record.insync.begin(), record.insync.end(),
                     [&](const WitnessMember& member) { return member.node == node; });
}

// A node whose data were replaced, by nothing or by a backup, is listed under its old name. Only
// the term of its own last claim may be one that it had no time to write down.
bool is_as_old(const WitnessRecord& record, const Standing& standing, bool own) {
  if (record.term <= standing.term_seen) return true;
  return own && standing.term_seen != Term{} &&
         record.term.counter <= standing.term_seen.counter + 1;
}

}  // namespace

WitnessDialogue::Claim claim_of(const WitnessDialogue& dialogue, const Standing& standing,
                                std::uint64_t term_number) {
  const auto& record = dialogue.entry().record;
  const Term seen = std::max(standing.term_seen, standing.end.term);
  const std::uint64_t counter = std::max(seen.counter, record ? record->term.counter : 0);
  WitnessDialogue::Claim claim;
  claim.term = {counter + 1, term_number};
  claim.pair_here = standing.peer_end && !is_ahead(*standing.peer_end, standing.end);
  return claim;
}

Witnessed witnessed(const WitnessDialogue& dialogue, const Standing& standing,
                    std::uint64_t term_number, Instant now) {
  Witnessed seen;
  seen.answers = dialogue.answered_at().ms > 0 && dialogue.trouble().empty() &&
                 ms_between(dialogue.answered_at(), now) < kAnswers_ms;
  seen.renewed_at = dialogue.renewed_at();
  seen.superseded = dialogue.superseded();
  const auto& record = dialogue.entry().record;
  if (!record) return seen;
  const std::string& us = dialogue.us().node;
  seen.left_out = !lists(*record, us);
  seen.released = record->released;
  // It has given its leadership away, unless there is nobody who could take it.
  seen.own = record->primary == us && (!record->released || record->insync.size() == 1);
  seen.unmoved_since = dialogue.unmoved_since();
  seen.may_claim = standing.whole && is_as_old(*record, standing, record->primary == us) &&
                   dialogue.claimed(claim_of(dialogue, standing, term_number)).has_value();
  return seen;
}

}  // namespace tandemq::failover
