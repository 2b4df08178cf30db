#include "net/accept_budget.hpp"

#include <doctest/doctest.h>

namespace tandemq {
namespace {

// Accepts as long as it may, up to `most`.
int accept_all(AcceptBudget& budget, Instant now, int most) {
  int count = 0;
  for (; count < most && budget.next_at(now) <= now; ++count) budget.take();
  return count;
}

}  // namespace

TEST_CASE("no more connections are accepted than the rate and its burst allow") {
  AcceptBudget budget(100);
  CHECK(accept_all(budget, {1'000'000}, 1'000) == 10);
  CHECK(accept_all(budget, {1'000'009}, 1'000) == 0);
  CHECK(accept_all(budget, {1'000'010}, 1'000) == 1);
  CHECK(accept_all(budget, {1'000'060}, 1'000) == 5);
  CHECK(accept_all(budget, {9'000'000}, 1'000) == 10);  // A long rest saves up no more.
}

TEST_CASE("whoever waits until the time that is told may accept") {
  AcceptBudget budget(3);
  Instant now{5'000'000};
  accept_all(budget, now, 1'000);
  for (int i = 0; i < 10; ++i) {
    const Instant next = budget.next_at(now);
    REQUIRE(next > now);
    CHECK(ms_between(now, next) <= 334);
    now = next;
    CHECK(accept_all(budget, now, 1'000) == 1);
  }
}

TEST_CASE("a rate of zero is no limit") {
  AcceptBudget budget(0);
  CHECK(accept_all(budget, {1}, 100'000) == 100'000);
}

}  // namespace tandemq
