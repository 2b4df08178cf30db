// SUBSCRIBE and UNSUBSCRIBE (3.8 to 3.11).
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

void subscribe(Turn& turn, Connection& connection, mqtt::Subscribe packet);
void unsubscribe(Turn& turn, Connection& connection, const mqtt::Unsubscribe& packet);

}  // namespace tandemq
