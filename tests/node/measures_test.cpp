#include "node/measures.hpp"

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("a commit is timed once, when nothing waits for it any more") {
  Measures measures;
  CommitTimer timer(measures.commit_ns);
  timer.held(5);
  timer.held(7);
  timer.held(7);  // More that waits for the same record.
  timer.released(5);
  CHECK(timer.pending() == 3);
  timer.released(7);
  CHECK(timer.pending() == 2);
  CHECK(measures.commit_ns.snapshot().count == 1);
  timer.released(UINT64_MAX);
  timer.released(UINT64_MAX);
  CHECK(timer.pending() == 0);
  CHECK(measures.commit_ns.snapshot().count == 3);
}

TEST_CASE("the time that has passed since a moment never falls") {
  const auto began = std::chrono::steady_clock::now();
  const auto before = ns_since(began);
  CHECK(ns_since(began) >= before);
  CHECK(ns_since(began - std::chrono::seconds(2)) >= 2'000'000'000);
}

TEST_CASE("the buckets reach from what memory takes to what nobody waits for") {
  const auto durations = Measures().fsync_ns.snapshot().bounds;
  CHECK(durations.front() <= 100'000);
  CHECK(durations.back() >= 10'000'000'000);
}

}  // namespace tandemq
