#include "net/publish_gate.hpp"

#include <algorithm>

namespace tandemq {

void PublishGate::open(Instant now) {
  messages_.fill(now);
  bytes_.fill(now);
  shut_ = false;
}

bool PublishGate::pass(std::size_t packet_bytes) {
  shut_ = shut_ || !messages_.has_any() || !bytes_.has_any();
  if (shut_) return false;
  messages_.take(1);
  bytes_.take(packet_bytes);  // A packet may be larger than what comes in a second.
  return true;
}

Instant PublishGate::opens_at() const {
  return std::max(messages_.next_at(), bytes_.next_at());
}

}  // namespace tandemq
