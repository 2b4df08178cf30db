// Handle: which rule a packet goes to, in which phase of its connection.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

void handle(Turn& turn, Connection& connection, mqtt::Packet&& packet);

}  // namespace tandemq
