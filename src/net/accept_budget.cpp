#include "net/accept_budget.hpp"

#include <algorithm>

namespace tandemq {

void AcceptBudget::set_rate(std::uint32_t per_second) {
  constexpr std::int64_t kBurstMs = 100;
  rate_ = per_second;
  parts_max_ = std::max(kOne, rate_ * kBurstMs);
  parts_ = parts_max_;
}

Instant AcceptBudget::next_at(Instant now) {
  if (rate_ == 0) return now;
  // A pause of a second fills every bucket; the bound keeps the product small.
  const std::int64_t elapsed_ms = std::clamp<std::int64_t>(ms_between(filled_at_, now), 0, 1'000);
  filled_at_ = now;
  parts_ = std::min(parts_max_, parts_ + elapsed_ms * rate_);
  return parts_ >= kOne ? now : now.plus_ms((kOne - parts_ + rate_ - 1) / rate_);
}

void AcceptBudget::take() {
  if (rate_ > 0) parts_ -= kOne;
}

}  // namespace tandemq
