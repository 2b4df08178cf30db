// $SYS: what the server publishes about itself, QoS 0, never in the log.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

// Publishes what has changed, and sees to it that it is called again.
void publish_sys(Turn& turn);
// Sets the next time, unless mqtt.sys_interval_s is 0.
void schedule_sys(Turn& turn);
// The current values, for a new subscriber.
void send_sys(Turn& turn, Connection& connection, std::string_view filter,
              const Subscription& subscription);

}  // namespace tandemq
