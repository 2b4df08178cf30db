// GatewayRecord: when the gateways have answered. One that answers is as good as all. What counts
// is when the answered request was sent. A node whose gateways have answered without a gap since it
// heard its peer last had a network all that time, so it is the peer that has none (machine.hpp).
// Asks nobody; pure. Owned by gateway_probe, or by who simulates it.
#pragma once

#include "base/time.hpp"

#include <cstdint>

namespace tandemq {

class GatewayRecord {
 public:
  // Between two requests that were answered there may be so much.
  explicit GatewayRecord(std::uint32_t gap_ms) : gap_ms_(gap_ms) {}

  void answered(Instant sent_at);

  [[nodiscard]] Instant answered_at() const { return answered_at_; }  // Zero: never.
  [[nodiscard]] Instant since() const { return since_; }              // Without a gap.

 private:
  const std::uint32_t gap_ms_;
  Instant answered_at_;
  Instant since_ = Instant::never();
};

}  // namespace tandemq
