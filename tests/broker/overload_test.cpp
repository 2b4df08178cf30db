#include "broker/overload.hpp"

#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

constexpr std::uint64_t kMax = 1'000'000;

PublisherLoad load(std::uint32_t number, std::uint64_t bytes) {
  return {static_cast<ConnectionId>(number), bytes};
}

std::vector<ConnectionId> ids(std::initializer_list<std::uint32_t> numbers) {
  std::vector<ConnectionId> all;
  for (const std::uint32_t number : numbers) all.push_back(static_cast<ConnectionId>(number));
  return all;
}

}  // namespace

TEST_CASE("the pressure rises and falls in steps, each with a gap between them") {
  struct Row {
    std::uint64_t percent;
    Pressure pressure;
    bool measures;
  };
  constexpr Row kRows[] = {
      {10, Pressure::none, false},       {69, Pressure::none, false},
      {70, Pressure::none, true},        {79, Pressure::none, true},
      {80, Pressure::publishers, true},  {76, Pressure::publishers, true},
      {89, Pressure::publishers, true},  {90, Pressure::connections, true},
      {86, Pressure::connections, true}, {84, Pressure::publishers, true},
      {88, Pressure::publishers, true},  {150, Pressure::connections, true},
      {74, Pressure::none, true},        {79, Pressure::none, true},
      {95, Pressure::connections, true}, {60, Pressure::none, false},
  };
  Overload overload;
  for (const Row& row : kRows) {
    CAPTURE(row.percent);
    const Pressure before = overload.pressure();
    CHECK(overload.look(row.percent * kMax / 100, kMax) == (before != row.pressure));
    CHECK(overload.pressure() == row.pressure);
    CHECK(overload.measures() == row.measures);
  }
  CHECK(overload.max_bytes() == kMax);
}

TEST_CASE("without a limit there is no pressure, and taking it away ends it") {
  Overload overload;
  CHECK_FALSE(overload.look(UINT64_MAX, 0));
  CHECK(overload.look(kMax, kMax));
  CHECK(overload.refuses_connections());
  CHECK(overload.look(kMax, 0));
  CHECK(overload.pressure() == Pressure::none);
  CHECK_FALSE(overload.measures());
}

TEST_CASE("the heaviest are those that sent half of it, and as few as possible") {
  CHECK(heaviest({load(1, 10), load(2, 50), load(3, 40)}, kMax) == ids({2}));
  CHECK(heaviest({load(1, 10), load(2, 40), load(3, 40)}, kMax) == ids({2, 3}));
  CHECK(heaviest({load(1, 5), load(2, 5), load(3, 5), load(4, 5)}, kMax) == ids({1, 2}));
  CHECK(heaviest({load(7, 10)}, kMax) == ids({7}));
  CHECK(heaviest({load(7, 0), load(8, 0)}, kMax).empty());
  CHECK(heaviest({}, kMax).empty());
}

TEST_CASE("nobody is heavy if all together are negligible") {
  CHECK(heaviest({load(1, 4), load(2, 5)}, kMax).empty());
  CHECK(heaviest({load(1, 4), load(2, 6)}, kMax) == ids({2}));
  CHECK(heaviest({load(1, 1)}, 0) == ids({1}));
}

}  // namespace tandemq
