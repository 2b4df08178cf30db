// TermHistory: which term began at which record, oldest first. Two logs that have a term in common
// are equal up to the nearer of its two ends; that is where they fork (Kafka's leader epochs and
// Raft's log matching rest on the same).
// Pure values.
#pragma once

#include "journal/record.hpp"

namespace tandemq {

// The last record that both logs have in common as far as the terms tell: 0 if there is none. A log
// without a history is one term that began with its first record and has the term of its end.
Lsn fork_of(const TermHistory& ours, const Position& our_end, const TermHistory& theirs,
            const Position& their_end);

}  // namespace tandemq
