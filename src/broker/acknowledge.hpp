// PUBACK, PUBREC and PUBCOMP of a receiver (4.3), by the table in session/handshake.hpp.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

void acknowledge(Turn& turn, Connection& connection, const mqtt::Ack& packet);

}  // namespace tandemq
