#include "node/measures.hpp"

#include <vector>

namespace tandemq {
namespace {

// From what memory takes to what nobody waits for.
constexpr std::uint64_t kDurations_us[] = {
    50,     100,    250,     500,     1'000,   2'500,     5'000,     10'000,
    25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 10'000'000};

std::vector<std::uint64_t> durations_ns() {
  std::vector<std::uint64_t> bounds;
  for (const std::uint64_t us : kDurations_us) bounds.push_back(us * 1'000);
  return bounds;
}

}  // namespace

Measures::Measures()
    : commit_ns(durations_ns()),
      fsync_ns(durations_ns()),
      group_records({1, 2, 4, 8, 16, 32, 64, 128, 256, 1'024, 4'096}) {}

std::uint64_t ns_since(std::chrono::steady_clock::time_point began) {
  const auto passed = std::chrono::steady_clock::now() - began;
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(passed).count());
}

void CommitTimer::held(Lsn lsn) {
  held_.push_back({lsn, std::chrono::steady_clock::now()});
}

void CommitTimer::released(Lsn first_held) {
  if (held_.empty() || held_.front().lsn >= first_held) return;
  const auto now = std::chrono::steady_clock::now();
  while (!held_.empty() && held_.front().lsn < first_held) {
    const auto waited =
        std::chrono::duration_cast<std::chrono::nanoseconds>(now - held_.front().since);
    commit_ns_.observe(static_cast<std::uint64_t>(waited.count()));
    held_.pop_front();
  }
}

}  // namespace tandemq
