#include "net/ticket_keys.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::int64_t kPeriod = TicketKeys::kPeriodS;

}  // namespace

TEST_CASE("two nodes with one secret have the same keys, others have others") {
  const TicketKeys ours("a secret");
  const TicketKey key = ours.current(kNow);
  const TicketKey theirs = TicketKeys("a secret").current(kNow);
  CHECK(theirs.name == key.name);
  CHECK(theirs.cipher == key.cipher);
  CHECK(theirs.mac == key.mac);
  CHECK(key.cipher != key.mac);
  std::set<std::array<std::uint8_t, 16>> names = {key.name};
  names.insert(TicketKeys("another secret").current(kNow).name);
  names.insert(TicketKeys::random()->current(kNow).name);
  names.insert(TicketKeys::random()->current(kNow).name);
  CHECK(names.size() == 4);
}

TEST_CASE("a key serves for one period and is accepted in the next and the one before") {
  const TicketKeys keys("a secret");
  const std::int64_t begin = kNow / kPeriod * kPeriod;
  const TicketKey key = keys.current(begin);
  CHECK(keys.current(begin + kPeriod - 1).name == key.name);
  CHECK(keys.current(begin + kPeriod).name != key.name);
  struct Row {
    std::int64_t at;
    bool accepted;
    bool current;
  };
  for (const Row& row :
       {Row{begin, true, true}, Row{begin + kPeriod - 1, true, true},
        Row{begin + kPeriod, true, false}, Row{begin + 2 * kPeriod - 1, true, false},
        Row{begin + 2 * kPeriod, false, false}, Row{begin - 1, true, false},
        Row{begin - kPeriod, true, false}, Row{begin - kPeriod - 1, false, false}}) {
    CAPTURE(row.at - begin);
    const auto found = keys.find(key.name, row.at);
    REQUIRE(found.has_value() == row.accepted);
    if (!found) continue;
    CHECK(found->current == row.current);
    CHECK(found->cipher == key.cipher);
    CHECK(found->mac == key.mac);
  }
}

}  // namespace tandemq
