// Expire: what happens because time has passed (keep-alive, connect time-out, session expiry, will
// delay, retained messages, blocked publishers).
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

void expire(Turn& turn, const Due& due);

}  // namespace tandemq
