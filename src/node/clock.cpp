#include "node/clock.hpp"

#include <ctime>

namespace tandemq {
namespace {

std::int64_t read_ms(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000 + time.tv_nsec / 1'000'000;
}

}  // namespace

Clock::Clock() : boot_ms_(read_ms(CLOCK_REALTIME) - read_ms(CLOCK_BOOTTIME)) {}

Instant Clock::now() const {
  return {boot_ms_ + read_ms(CLOCK_BOOTTIME)};
}

}  // namespace tandemq
