#include "failover/gateway_record.hpp"

namespace tandemq {

// A late answer to an older request fills no gap: the time for that is over.
void GatewayRecord::answered(Instant sent_at) {
  if (sent_at <= answered_at_) return;
  if (since_.is_never() || ms_between(answered_at_, sent_at) > gap_ms_) since_ = sent_at;
  answered_at_ = sent_at;
}

}  // namespace tandemq
