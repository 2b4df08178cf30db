// Effects: all that the steps of one batch want to happen: the mutations they made, as a record in
// the making, and the outputs, each list in order. Kept from batch to batch for its capacity.
// Owned by the role object; core thread.
#pragma once

#include "broker/output.hpp"
#include "journal/record.hpp"

#include <vector>

namespace tandemq {

struct Effects {
  RecordDraft record;
  Outputs held;                   // Must not leave before the record is committed.
  Outputs free;                   // Depend on no record: may leave at once.
  std::vector<MessageId> wanted;  // Bodies to be read back, see broker/fetch.hpp.
  Lsn next_lsn = 1;               // The record of this batch, if it gets one.
  Lsn released_lsn = 0;           // Everything up to here has left the gate.
};

}  // namespace tandemq
