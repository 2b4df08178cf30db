// AcceptBudget: how many connections may be accepted now, so that a storm of them leaves time for
// those who are there. A bucket that fills at the rate and holds what comes in 100 ms, at least
// one. Pure: time comes in as a value. Owned by Reception.
#pragma once

#include "base/time.hpp"

#include <cstdint>

namespace tandemq {

class AcceptBudget {
 public:
  explicit AcceptBudget(std::uint32_t per_second) { set_rate(per_second); }

  void set_rate(std::uint32_t per_second);  // 0: no limit.
  // When the next may be accepted: now, or later.
  [[nodiscard]] Instant next_at(Instant now);
  void take();  // It was accepted.

 private:
  static constexpr std::int64_t kOne = 1'000;  // A connection, in parts that come in a ms.

  std::int64_t rate_ = 0;  // Parts a millisecond, which is connections a second.
  std::int64_t parts_max_ = kOne;
  std::int64_t parts_ = kOne;
  Instant filled_at_;
};

}  // namespace tandemq
