// failed_logins: logins that are checked against something secret go through the brake
// (access/login_brake.hpp): passwords, tokens, and each exchange of SCRAM.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

// Whether the connection's network has to wait; then it is refused with 0x9F, for MQTT 3 code 3.
bool refuse_if_paused(Turn& turn, Connection& connection);
// What it has shown was wrong. To be called before the connection is refused.
void count_failed_login(Turn& turn, Connection& connection);

}  // namespace tandemq
