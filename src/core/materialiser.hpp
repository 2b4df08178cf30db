// Materialiser: takes what is alive from the State to the tables, late, so that a message which is
// acknowledged soon is never put there. A round collects the changes between two batches, waits
// until their position is settled, goes to the store, and is followed by the next one.
// It writes nothing itself. Owned by the role object; core thread.
#pragma once

#include "session/state.hpp"

#include <optional>

namespace tandemq {

class Materialiser {
 public:
  Materialiser(State& state, Lsn tables_at) : state_(state), collected_at_(tables_at) {}

  // Whether a round should begin, the log standing at `last`.
  [[nodiscard]] bool due(Lsn last, Instant now) const;
  [[nodiscard]] Instant next_due(Lsn last) const;
  // All of the State must be in records up to `at`.
  void collect(const Position& at, Instant now);
  // The round, once the log is committed up to its position.
  std::optional<TableChanges> take(Lsn committed);
  // What was taken is in the tables.
  void written();

  [[nodiscard]] bool under_way() const { return under_way_; }

 private:
  State& state_;
  Lsn collected_at_;
  Instant next_round_;  // Not before, unless there is much to write.
  std::optional<TableChanges> changes_;
  bool under_way_ = false;
};

}  // namespace tandemq
