#include "base/histogram.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>

namespace tandemq {

Histogram::Histogram(std::vector<std::uint64_t> bounds)
    : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {
  ENSURE(std::is_sorted(bounds_.begin(), bounds_.end(), std::less_equal<>()),
         "each bucket ends behind the one before it");
}

void Histogram::observe(std::uint64_t value) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  const auto bucket = static_cast<std::size_t>(bound - bounds_.begin());
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot seen{bounds_, {}, 0, sum_.load(std::memory_order_relaxed)};
  for (const std::atomic<std::uint64_t>& count : counts_) {
    seen.counts.push_back(count.load(std::memory_order_relaxed));
    seen.count += seen.counts.back();
  }
  return seen;
}

}  // namespace tandemq
