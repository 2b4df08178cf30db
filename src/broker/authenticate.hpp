// Enhanced authentication (4.12): AUTH in CONNECT and re-authentication, method SCRAM-SHA-256.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

// A CONNECT with an Authentication Method waits in connection.connect.
void begin_authentication(Turn& turn, Connection& connection);
void authenticate(Turn& turn, Connection& connection, const mqtt::Auth& packet);

}  // namespace tandemq
