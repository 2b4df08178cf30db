// RateBudget: how much of something may happen now, if so much of it may happen in a second. A
// bucket that fills at the rate and holds what comes in a second. What is taken may be more than
// there is: then it is owed, and the next has to wait until that has come. Pure: time comes in as a
// value. Owned by whoever is to be slowed down.
#pragma once

#include "base/time.hpp"

#include <cstdint>

namespace tandemq {

class RateBudget {
 public:
  explicit RateBudget(std::uint64_t per_second) { set_rate(per_second); }

  void set_rate(std::uint64_t per_second);  // 0: no limit. It is full.
  void fill(Instant now);
  // As of the last fill().
  [[nodiscard]] bool has_any() const { return rate_ == 0 || parts_ >= kOne; }
  [[nodiscard]] bool is_full() const { return rate_ == 0 || parts_ >= kOne * rate_; }
  [[nodiscard]] Instant next_at() const;  // When it has any.
  void take(std::uint64_t count);

 private:
  static constexpr std::int64_t kOne = 1'000;  // One of them, in parts that come in a millisecond.

  std::int64_t rate_ = 0;
  std::int64_t parts_ = 0;
  Instant filled_at_;
};

}  // namespace tandemq
