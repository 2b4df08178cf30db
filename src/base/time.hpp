// Instant: a point in time as the shell tells it. Pure code receives it as a value and never asks
// for it. Unit: milliseconds since the Unix epoch; the shell derives it from a clock that never
// steps back, anchored to the wall clock at start, so that it can be stored and survives a restart.
#pragma once

#include <compare>
#include <cstdint>

namespace tandemq {

struct Instant {
  std::int64_t ms = 0;

  static constexpr Instant never() { return Instant{INT64_MAX}; }
  [[nodiscard]] constexpr bool is_never() const { return ms == INT64_MAX; }
  auto operator<=>(const Instant&) const = default;

  // Saturates at never(), an interval that would overflow is as good as endless; and never() stays.
  [[nodiscard]] constexpr Instant plus_ms(std::int64_t interval_ms) const {
    const bool beyond = interval_ms > 0 && ms > INT64_MAX - interval_ms;
    return is_never() || beyond ? never() : Instant{ms + interval_ms};
  }
  [[nodiscard]] constexpr Instant plus_s(std::int64_t interval_s) const {
    return interval_s > INT64_MAX / 1000 ? never() : plus_ms(interval_s * 1000);
  }
};

constexpr std::int64_t ms_between(Instant from, Instant to) {
  return to.ms - from.ms;
}

}  // namespace tandemq
