// $SYS: what the server publishes about itself, QoS 0, never in the log.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

void publish_sys(Turn& turn);
// The current values, for a new subscriber.
void send_sys(Turn& turn, Connection& connection, std::string_view filter,
              const Subscription& subscription);

}  // namespace tandemq
