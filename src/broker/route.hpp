// Route: from a message to those who get it: subscribers, shared groups, the retained message of
// its topic. One decision for the whole message, so that a publisher gets one true answer.
#pragma once

#include "broker/turn.hpp"

#include <memory>

namespace tandemq {

// A message on its way in, before it is known whether the log must hold it.
struct Publication {
  std::shared_ptr<Message> message;       // Without id; nobody else has it yet.
  SessionId publisher = SessionId::none;  // For No Local [MQTT-3.8.3-3].
  bool may_wait = false;  // The publisher can be told that a queue is full, or be made to wait.
  bool may_hear = false;  // It can be told so in the answer to a message that others did get.
  bool yields = true;     // Is not taken while the disk is nearly full. A will was taken before.
  std::uint16_t packet_id = 0;  // As the publisher sent it.
};

enum class Routed : std::uint8_t {
  delivered,
  no_subscribers,
  disk_full,       // There is no room to store it: nothing was done.
  queue_full,      // limits.queue_full = reject or block: nothing was done.
  partly_dropped,  // drop_newest: those with room have it, a drop was counted for each other.
};

// Takes the message out of the publication, unless it returns queue_full or disk_full.
Routed route(Turn& turn, Publication& publication);

// The next member of a shared group: the connected ones in turn, any other if none is connected.
// Null if there is nobody besides `except` and those whose subscription is revoked.
const Subscription* choose_member(Turn& turn, std::uint64_t share,
                                  const std::vector<Subscription>& members,
                                  SessionId except = SessionId::none);

}  // namespace tandemq
