// Gate: the waiting room between a step and the world. An output that depends on a record stays
// here until that record is committed at the level that the output asks for; then all outputs of
// that level up to it leave, in order. It decides nothing else, and nothing is ever taken back
// (PostgreSQL's syncrep queue and Tarantool's limbo are the models).
// Owned by the role object; core thread.
#pragma once

#include "broker/output.hpp"
#include "journal/committed.hpp"
#include "journal/record.hpp"

#include <array>
#include <deque>
#include <vector>

namespace tandemq {

class Gate {
 public:
  // `outputs` depend on the record at `lsn`; lsns never fall. Takes the content.
  void hold(Lsn lsn, CommitLevel level, Outputs& outputs);
  // Appends what may leave now, of the lesser levels first: an output that has waited for more than
  // those before it on its connection stays behind them.
  void release(const Committed& committed, std::vector<Outputs>& out);

  [[nodiscard]] std::size_t held_count() const;  // Batches.
  // The first record that somebody waits for at this level; UINT64_MAX: nobody does.
  [[nodiscard]] Lsn awaited(CommitLevel level) const;
  [[nodiscard]] const Committed& released() const { return released_; }

 private:
  struct Held {
    Lsn lsn;
    Outputs outputs;
  };
  std::array<std::deque<Held>, kCommitLevels> held_;
  Committed released_;
};

}  // namespace tandemq
