#include "broker/drops.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("every drop is counted by its reason, and the last ones are kept with rising numbers") {
  Drops drops(2);
  drops.add({0, Instant{1}, DropReason::expired, 1, "a", "t"});
  drops.add({0, Instant{2}, DropReason::outbox_full, 5, "b", "t"});
  drops.add({0, Instant{3}, DropReason::expired, 1, "c", "t"});
  CHECK(drops.count(DropReason::expired) == 2);
  CHECK(drops.count(DropReason::outbox_full) == 5);
  CHECK(drops.total() == 7);
  REQUIRE(drops.latest().size() == 2);
  CHECK(drops.latest().front().client_id == "b");
  CHECK(drops.latest().back().sequence == 3);
  drops.keep_at_most(1);
  CHECK(drops.latest().front().client_id == "c");
}

TEST_CASE("every reason has a name of its own") {
  for (std::uint8_t i = 0; i < static_cast<std::uint8_t>(DropReason::count); ++i) {
    CHECK(name(static_cast<DropReason>(i)) != "unknown");
    for (std::uint8_t j = 0; j < i; ++j)
      CHECK(name(static_cast<DropReason>(i)) != name(static_cast<DropReason>(j)));
  }
}
