#include "store/log_sizes.hpp"

#include <cmath>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

// A thousand records from lsn 11 on, of 1,000 to 1,999 bytes.
LogSizes thousand() {
  LogSizes sizes;
  sizes.start(11);
  for (Lsn lsn = 11; lsn < 1'011; ++lsn) sizes.add(lsn + 1, 1'000 + (lsn - 11));
  return sizes;
}

std::uint64_t exactly_before(Lsn lsn) {
  const Lsn count = lsn - 11;
  return 1'000 * count + count * (count - 1) / 2;
}

}  // namespace

TEST_CASE("all that was added is counted to the byte") {
  CHECK(LogSizes().bytes() == 0);
  CHECK(thousand().bytes() == exactly_before(1'011));
}

TEST_CASE("a part of the log is known to within a percent of a mark") {
  const LogSizes sizes = thousand();
  for (Lsn lsn = 11; lsn <= 1'011; ++lsn) {
    const auto error =
        static_cast<double>(sizes.bytes_before(lsn)) - static_cast<double>(exactly_before(lsn));
    CHECK(std::abs(error) < 0.01 * LogSizes::kMarkBytes);
  }
  CHECK(sizes.bytes_before(1) == 0);
  CHECK(sizes.bytes_before(5'000) == sizes.bytes());
}

TEST_CASE("what is forgotten at either end is no longer counted") {
  LogSizes sizes = thousand();
  const std::uint64_t middle = sizes.bytes_before(700) - sizes.bytes_before(300);
  sizes.forget_before(300);
  sizes.forget_from(700);
  CHECK(sizes.bytes() == middle);
  sizes.forget_before(200);
  sizes.forget_from(800);
  CHECK(sizes.bytes() == middle);
  sizes.add(701, 50);
  CHECK(sizes.bytes() == middle + 50);
  sizes.forget_before(9'000);
  CHECK(sizes.bytes() == 0);
  sizes.add(702, 70);
  CHECK(sizes.bytes() == 70);
  sizes.forget_from(5);
  CHECK(sizes.bytes() == 0);
}

TEST_CASE("records that are equally large are counted exactly wherever the log is cut") {
  LogSizes sizes;
  sizes.start(1);
  for (Lsn lsn = 1; lsn <= 5'000; ++lsn) sizes.add(lsn + 1, 100);
  for (Lsn first = 1; first < 5'000; first += 7) {
    sizes.forget_before(first);
    CHECK(sizes.bytes() == (5'001 - first) * 100);
  }
}

}  // namespace tandemq
