#include "base/histogram.hpp"

#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a histogram in which nothing was observed counts nothing") {
  const auto seen = Histogram({1, 10}).snapshot();
  CHECK(seen.bounds == Numbers{1, 10});
  CHECK(seen.counts == Numbers{0, 0, 0});
  CHECK(seen.count == 0);
  CHECK(seen.sum == 0);
}

TEST_CASE("a value belongs to the first bound that it does not exceed") {
  Histogram histogram({1, 10, 100});
  for (const std::uint64_t value : Numbers{0, 1, 2, 10, 11, 100, 101, 5'000})
    histogram.observe(value);
  const auto seen = histogram.snapshot();
  CHECK(seen.counts == Numbers{2, 2, 2, 2});
  CHECK(seen.count == 8);
  CHECK(seen.sum == 5'225);
}

TEST_CASE("the largest value is counted behind the last bound") {
  Histogram histogram({1});
  histogram.observe(std::numeric_limits<std::uint64_t>::max());
  CHECK(histogram.snapshot().counts == Numbers{0, 1});
}

TEST_CASE("without bounds everything is in one bucket") {
  Histogram histogram({});
  histogram.observe(7);
  CHECK(histogram.snapshot().counts == Numbers{1});
}

TEST_CASE("no value is lost when several threads observe, and a reader never sees it fall") {
  constexpr int kThreads = 4;
  constexpr std::uint64_t kValues = 20'000;
  Histogram histogram({kValues / 2});
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      for (std::uint64_t value = 1; value <= kValues; ++value) histogram.observe(value);
    });
  std::uint64_t before = 0;
  bool fell = false;
  while (before < kThreads * kValues) {
    const std::uint64_t count = histogram.snapshot().count;
    fell = fell || count < before;
    before = count;
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(fell);
  const auto seen = histogram.snapshot();
  CHECK(seen.counts == Numbers(2, kThreads * kValues / 2));
  CHECK(seen.sum == kThreads * kValues * (kValues + 1) / 2);
}

}  // namespace tandemq
