// Retained messages (3.3.1.3): kept by topic, sent to new subscribers in pages, so that a "#" over
// a million topics neither holds up the core nor overruns the subscriber's outbox.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

// Which limit a message of this size under this topic would break if it were retained; count: none.
Limit retain_obstacle(const World& world, std::string_view topic, std::size_t size);
std::string_view full_text(Limit limit);  // A Reason String for that.

// Begins to send what matches; goes on with continue_retained().
void send_retained(Turn& turn, Connection& connection, std::string_view filter,
                   const Subscription& subscription);
// The next page of each walk, if the pages before have been taken.
void continue_retained(Turn& turn, Connection& connection);
// The connection ends in the midst of a walk: what a durable session was promised waits for it.
void finish_retained(Turn& turn, Connection& connection);
// A retained message whose time has come.
void expire_retained(Turn& turn, std::string_view topic);

}  // namespace tandemq
