// Effects: all that the steps of one batch want to happen: the mutations they made, as a record in
// the making, and the outputs, each list in order. Kept from batch to batch for its capacity.
// Owned by the role object; core thread.
#pragma once

#include "base/commit_level.hpp"
#include "broker/output.hpp"
#include "journal/committed.hpp"
#include "journal/record.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace tandemq {

struct Effects {
  RecordDraft record;
  // By the level at which the record must be committed before they leave; memory: at once.
  std::array<Outputs, kCommitLevels> outputs;
  std::vector<MessageId> wanted;  // Bodies to be read back, see broker/fetch.hpp.
  Lsn next_lsn = 1;               // The record of this batch, if it gets one.
  Committed released;             // Everything up to here has left the gate.

  Outputs& at(CommitLevel level) { return outputs[index(level)]; }
  [[nodiscard]] std::size_t output_count() const {
    std::size_t count = 0;
    for (const Outputs& one : outputs) count += one.list.size();
    return count;
  }
};

}  // namespace tandemq
