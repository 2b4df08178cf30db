#include "base/time.hpp"

#include <cstdint>

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("an instant moves by milliseconds and by seconds") {
  constexpr Instant kStart{1000};
  CHECK(kStart.plus_ms(5) == Instant{1005});
  CHECK(kStart.plus_s(5) == Instant{6000});
  CHECK(kStart.plus_ms(-5) == Instant{995});
  CHECK(kStart.plus_s(-1) == Instant{0});
  CHECK(kStart < kStart.plus_ms(1));
  CHECK(ms_between(kStart, kStart.plus_s(2)) == 2000);
  CHECK(ms_between(kStart.plus_s(2), kStart) == -2000);
}

TEST_CASE("an instant that would overflow is never") {
  CHECK(Instant{1000}.plus_ms(INT64_MAX).is_never());
  CHECK(Instant{1000}.plus_ms(INT64_MAX - 1000).is_never());
  CHECK_FALSE(Instant{1000}.plus_ms(INT64_MAX - 1001).is_never());
  CHECK(Instant{0}.plus_s(INT64_MAX).is_never());
  CHECK(Instant{0}.plus_s(INT64_MAX / 1000 + 1).is_never());
  CHECK_FALSE(Instant{0}.plus_s(INT64_MAX / 1000).is_never());
}

TEST_CASE("never stays never, however far one goes from it") {
  CHECK(Instant::never().plus_ms(1).is_never());
  CHECK(Instant::never().plus_s(1).is_never());
  CHECK(Instant::never().plus_ms(-1).is_never());
  CHECK(Instant::never() > Instant{INT64_MAX - 1});
}

TEST_CASE("an instant before the epoch can be moved without overflow") {
  CHECK(Instant{-5}.plus_ms(10) == Instant{5});
  CHECK(Instant{-5}.plus_ms(INT64_MAX) == Instant{INT64_MAX - 5});
}

}  // namespace tandemq
