#include "base/rate_budget.hpp"

#include <initializer_list>

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("without a rate there is always some") {
  RateBudget budget(0);
  budget.fill({1'000});
  budget.take(1'000'000'000);
  CHECK(budget.has_any());
  CHECK(budget.is_full());
  CHECK(budget.next_at() == Instant{1'000});
}

TEST_CASE("a second's worth may come at once, and then one after the other") {
  RateBudget budget(10);
  budget.fill({5'000});
  for (int i = 0; i < 10; ++i) {
    CAPTURE(i);
    CHECK(budget.has_any());
    budget.take(1);
  }
  CHECK_FALSE(budget.has_any());
  CHECK(budget.next_at() == Instant{5'100});
  budget.fill({5'099});
  CHECK_FALSE(budget.has_any());
  CHECK(budget.next_at() == Instant{5'100});
  budget.fill({5'100});
  CHECK(budget.has_any());
  budget.take(1);
  CHECK(budget.next_at() == Instant{5'200});
}

TEST_CASE("what was taken too much is waited for") {
  RateBudget budget(100);
  budget.fill({0});
  budget.take(1'000);
  CHECK(budget.next_at() == Instant{9'010});
  budget.fill({9'009});
  CHECK_FALSE(budget.has_any());
  budget.fill({9'010});
  CHECK(budget.has_any());
  CHECK_FALSE(budget.is_full());
  budget.fill({10'000});
  CHECK(budget.is_full());
}

TEST_CASE("a long pause fills it and no more, at any rate") {
  for (const std::uint64_t rate : {std::uint64_t{1}, std::uint64_t{1} << 40U}) {
    RateBudget budget(rate);
    budget.fill({0});
    budget.take(2 * rate);
    budget.fill({INT64_MAX / 2});
    CHECK(budget.is_full());
    budget.take(rate);
    CHECK_FALSE(budget.has_any());
  }
}

TEST_CASE("a clock that goes back takes nothing away") {
  RateBudget budget(1);
  budget.fill({10'000});
  budget.fill({9'000});
  CHECK(budget.has_any());
  budget.take(1);
  budget.fill({10'000});
  CHECK(budget.has_any());
}

}  // namespace tandemq
