// Histogram: how often values of some size came, in buckets that are fixed when it is made. Whole
// numbers in a unit that its owner chooses. Lock-free: observe() and snapshot() from any thread; a
// snapshot may hold the count of a value whose sum comes with the next one.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace tandemq {

class Histogram {
 public:
  struct Snapshot {
    std::vector<std::uint64_t> bounds;
    std::vector<std::uint64_t> counts;  // Of the values in each bucket; one more than bounds.
    std::uint64_t count = 0;            // Of all values.
    std::uint64_t sum = 0;
  };

  // `bounds` rise. A value belongs to the first bound that it does not exceed; what exceeds them
  // all has a bucket of its own.
  explicit Histogram(std::vector<std::uint64_t> bounds);

  void observe(std::uint64_t value);
  [[nodiscard]] Snapshot snapshot() const;

 private:
  const std::vector<std::uint64_t> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;
  std::atomic<std::uint64_t> sum_{0};
};

}  // namespace tandemq
