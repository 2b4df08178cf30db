// Wills (3.1.2.5, 3.1.3.2): stored with the CONNECT, published when the connection is lost, after
// their delay, or when the session ends.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

// What a CONNECT says of a will that the server cannot accept; success if it can.
mqtt::ReasonCode will_problem(const World& world, const mqtt::Will& will);

void set_will(Turn& turn, Connection& connection, const mqtt::Will& will);
// The connection is lost: now, or after the delay.
void schedule_will(Turn& turn, std::string_view client_id, Instant at);
void publish_will(Turn& turn, std::string_view client_id);
void clear_will(Turn& turn, std::string_view client_id);

}  // namespace tandemq
