// Witnessed: what the witness's record means for this node, as facts for classify(). Pure values.
#pragma once

#include "failover/standing.hpp"
#include "failover/witness_dialogue.hpp"

#include <cstdint>

namespace tandemq::failover {

struct Witnessed {
  bool answers = false;    // It has answered a moment ago.
  bool may_claim = false;  // This node may lead by the record.
  bool left_out = false;   // The primary has gone on without this node.
  bool own = false;        // An earlier life of this node led last, and may go on.
  bool released = false;   // The primary has stepped down.
  bool superseded = false;
  Instant unmoved_since = Instant::never();  // The record has been the same.
  Instant renewed_at;                        // Of a leader: its last renewal was sent.
};

Witnessed witnessed(const WitnessDialogue& dialogue, const Standing& standing,
                    std::uint64_t term_number, Instant now);

// With a term above all that this node has heard of.
WitnessDialogue::Claim claim_of(const WitnessDialogue& dialogue, const Standing& standing,
                                std::uint64_t term_number);

}  // namespace tandemq::failover
