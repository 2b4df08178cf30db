// PublishGate: lets the PUBLISH packets of one connection pass as fast as limits.message_rate and
// limits.byte_rate allow. It loses nothing: what does not pass waits in front of it, and all else
// behind that, for packets keep their order. Pure: time comes in as a value.
// Owned by a ClientSocket; its hub's thread.
#pragma once

#include "base/rate_budget.hpp"
#include "config/config.hpp"

#include <cstddef>

namespace tandemq {

class PublishGate {
 public:
  explicit PublishGate(const LimitsConfig& limits)
      : messages_(limits.message_rate), bytes_(limits.byte_rate) {}

  static bool is_needed(const LimitsConfig& limits) {
    return limits.message_rate > 0 || limits.byte_rate > 0;
  }

  void open(Instant now);
  // False: this one has to wait, and so has whatever follows it.
  bool pass(std::size_t packet_bytes);
  // Something waits since open(), until this moment.
  [[nodiscard]] bool is_shut() const { return shut_; }
  [[nodiscard]] Instant opens_at() const;
  [[nodiscard]] bool lacks_bytes() const { return !bytes_.has_any(); }  // Else messages.

 private:
  RateBudget messages_;
  RateBudget bytes_;
  bool shut_ = false;
};

}  // namespace tandemq
