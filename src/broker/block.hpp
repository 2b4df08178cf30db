// Block: a publisher that must wait, for room in a full queue or for its password to be checked.
// Nothing more is read from it; what was read already is parked and goes on in order.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

// The packet could not be taken: it is parked, and tried again when a queue has shrunk.
void block(Turn& turn, Connection& connection, mqtt::Packet packet);
// Parks a packet that came behind one that waits.
void park(Connection& connection, mqtt::Packet packet);
// It waits no longer: takes its parked packets until one has to wait again.
void unblock(Turn& turn, Connection& connection);
// Tries the blocked again, first come first served, if a queue has shrunk.
void retry_blocked(Turn& turn);

}  // namespace tandemq
