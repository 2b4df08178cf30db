// Shared subscriptions (4.8.2): what one member has not taken goes to another.
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

enum class Leaving : std::uint8_t {
  for_a_while,  // The session waits: only connected members take over; QoS 2 that was sent stays
                // [MQTT-4.8.2-4].
  for_good,     // The session ends: any member takes over; QoS 2 that was sent is lost
                // [MQTT-4.8.2-5].
};

// Moves the session's unacknowledged messages of shared groups to other members.
void hand_over_shared(Turn& turn, SessionId session, Leaving leaving);

}  // namespace tandemq
