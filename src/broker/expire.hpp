// Expire: what happens because time has passed (keep-alive, connect time-out, an expired token,
// session expiry, will delay, retained messages, blocked publishers).
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

void expire(Turn& turn, const Due& due);

// Sets the timer that closes a connection when its login ends, if it ends at all.
void watch_login(Turn& turn, const Connection& connection);

}  // namespace tandemq
