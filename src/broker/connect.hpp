// CONNECT and CONNACK (3.1, 3.2): limits and rights, take-over, the session opened or resumed.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

void connect(Turn& turn, Connection& connection, mqtt::Connect packet);
// The password worker's verdict on the CONNECT that waits.
void password_checked(Turn& turn, Connection& connection, CheckResult result);
// The client is who it says: opens or resumes the session and sends CONNACK. `data` is the last
// word of enhanced authentication, if there was one.
void accept(Turn& turn, Connection& connection, std::string_view data);

}  // namespace tandemq
