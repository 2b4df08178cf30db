// Clock: where Instants come from. Runs with the kernel's boot clock, which never steps and counts
// while the machine sleeps, and is set by the wall clock once, when it is made.
// Owned by node; any thread may ask.
#pragma once

#include "base/time.hpp"

namespace tandemq {

class Clock {
 public:
  Clock();
  [[nodiscard]] Instant now() const;

 private:
  std::int64_t boot_ms_;  // Wall clock time at which the boot clock was zero.
};

}  // namespace tandemq
