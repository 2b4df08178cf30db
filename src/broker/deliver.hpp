// Deliver: from a session's queue to its connection, as far as the receiver's window lets it
// (4.9 Flow Control), and again after a reconnect (4.4).
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

// A message for one session: sent at once if its connection has room, else queued.
struct Assignment {
  mqtt::QoS qos{};
  bool retain = false;
  std::uint64_t share = 0;
  SubscriptionIds subscription_ids;
};
void assign(Turn& turn, const Session& session, const MessageRef& message, Assignment&& assignment);
// The same where it is known which connection serves the session; null: none.
void assign(Turn& turn, const Session& session, Connection* connection, const MessageRef& message,
            Assignment&& assignment);

// Sends what the window has room for: first what an earlier connection left unacknowledged, then
// what waits.
void pump(Turn& turn, Connection& connection);

// Whether one more message of this size would be over the session's limits.
bool is_full(const World& world, const Session& session, std::size_t message_size);
// Makes room in a full queue by dropping its oldest messages; false if that does not help.
bool drop_oldest(Turn& turn, const Session& session, std::size_t message_size);
// Removes expired messages from the head of the queue.
void drop_expired(Turn& turn, const Session& session);

}  // namespace tandemq
