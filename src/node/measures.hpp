// Measures: how long commits and forced writes take, and how many records share one; for the
// metrics. CommitTimer: from the moment in which outputs begin to wait for a record to the one in
// which the last of them leaves.
// Measures: owned by the runner, observed by core and writer thread, read by any. CommitTimer: the
// core thread's.
#pragma once

#include "base/histogram.hpp"
#include "journal/term.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace tandemq {

struct Measures {
  Measures();
  Histogram commit_ns;
  Histogram fsync_ns;
  Histogram group_records;  // That one fsync forced to the disk.
};

std::uint64_t ns_since(std::chrono::steady_clock::time_point began);

class CommitTimer {
 public:
  explicit CommitTimer(Histogram& commit_ns) : commit_ns_(commit_ns) {}

  // Outputs wait for the record at `lsn` from now on; lsns never fall.
  void held(Lsn lsn);
  // Nothing waits any more for what stands before `first_held`.
  void released(Lsn first_held);
  [[nodiscard]] std::size_t pending() const { return held_.size(); }

 private:
  struct Held {
    Lsn lsn;
    std::chrono::steady_clock::time_point since;
  };

  Histogram& commit_ns_;
  std::deque<Held> held_;
};

}  // namespace tandemq
