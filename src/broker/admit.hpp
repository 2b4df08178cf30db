// Who may come in: the limits on connections of an address and of a user, and of the memory. They
// are asked before a password is looked at, but for the one on users: a name alone proves nothing.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

// A connection has come; it is closed at once if enough of its address are being refused already.
void admit(Turn& turn, Connection& connection);
// It has sent its CONNECT; false if it was refused.
bool may_connect(Turn& turn, Connection& connection);
// It has logged in; false if it was refused.
bool may_enter(Turn& turn, Connection& connection);
// It is no more.
void forget(Turn& turn, const Connection& connection);

// The limits have changed: everybody is counted anew.
void admit_again(World& world);

}  // namespace tandemq
