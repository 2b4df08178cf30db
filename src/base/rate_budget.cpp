#include "base/rate_budget.hpp"

#include <algorithm>

namespace tandemq {

void RateBudget::set_rate(std::uint64_t per_second) {
  rate_ = static_cast<std::int64_t>(per_second);
  parts_ = kOne * rate_;
}

void RateBudget::fill(Instant now) {
  const std::int64_t passed_ms = ms_between(filled_at_, now);
  filled_at_ = now;
  if (rate_ == 0 || passed_ms <= 0) return;
  // What is missing comes in so many milliseconds; comparing those keeps the product small.
  const std::int64_t missing = kOne * rate_ - parts_;
  parts_ = passed_ms > missing / rate_ ? kOne * rate_ : parts_ + passed_ms * rate_;
}

Instant RateBudget::next_at() const {
  return has_any() ? filled_at_ : filled_at_.plus_ms((kOne - parts_ + rate_ - 1) / rate_);
}

void RateBudget::take(std::uint64_t count) {
  if (rate_ > 0) parts_ -= static_cast<std::int64_t>(count) * kOne;
}

}  // namespace tandemq
