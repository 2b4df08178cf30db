// Committed: up to where the log is committed at each level. Plain values.
#pragma once

#include "base/commit_level.hpp"
#include "journal/term.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace tandemq {

class Committed {
 public:
  // At every level. Implicit: one position says it all where nobody asks for less or more.
  Committed(Lsn lsn = 0) {  // NOLINT(google-explicit-constructor)
    up_to_.fill(lsn);
    up_to_[index(CommitLevel::memory)] = UINT64_MAX;
  }

  [[nodiscard]] Lsn at(CommitLevel level) const { return up_to_[index(level)]; }
  void set(CommitLevel level, Lsn lsn) { up_to_[index(level)] = lsn; }

  // Never falls. A level never passes the one before it: if both come to rise, so do their results.
  void advance(const Committed& to) {
    for (std::size_t i = 0; i < kCommitLevels; ++i)
      if (up_to_[i] < to.up_to_[i]) up_to_[i] = to.up_to_[i];
  }
  bool operator==(const Committed&) const = default;

 private:
  std::array<Lsn, kCommitLevels> up_to_;
};

// The first record for which somebody waits at a level other than the node's; UINT64_MAX: nobody.
struct Awaited {
  Lsn local = UINT64_MAX;
  Lsn written = UINT64_MAX;
  Lsn flushed = UINT64_MAX;
};

}  // namespace tandemq
