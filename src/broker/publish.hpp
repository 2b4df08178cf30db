// PUBLISH from a client (3.3): what it must satisfy, and how it is answered.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

void publish(Turn& turn, Connection& connection, mqtt::Publish&& packet);
// PUBREL: the client's second half of QoS 2 [MQTT-4.3.3-11].
void pubrel(Turn& turn, Connection& connection, const mqtt::Ack& packet);

}  // namespace tandemq
