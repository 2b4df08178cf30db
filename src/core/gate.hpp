// Gate: the waiting room between a step and the world. An output that depends on a record stays
// here until that record is committed on every node that the role requires; then all outputs up to
// it leave, in order. It decides nothing else, and nothing is ever taken back (PostgreSQL's
// syncrep queue and Tarantool's limbo are the models).
// Owned by the role object; core thread.
#pragma once

#include "broker/output.hpp"
#include "journal/record.hpp"

#include <deque>

namespace tandemq {

class Gate {
 public:
  // `outputs` depend on the record at `lsn`; lsns never fall. Takes the content.
  void hold(Lsn lsn, Outputs& outputs);
  // Everything up to `lsn` is committed: appends what may leave now.
  void release(Lsn lsn, std::vector<Outputs>& out);

  [[nodiscard]] std::size_t held_count() const { return held_.size(); }  // Batches.
  [[nodiscard]] Lsn released() const { return released_; }

 private:
  struct Held {
    Lsn lsn;
    Outputs outputs;
  };
  std::deque<Held> held_;
  Lsn released_ = 0;
};

}  // namespace tandemq
