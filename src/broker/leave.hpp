// How a client leaves: DISCONNECT, a lost connection, a refusal, take-over, the end of a session;
// and what becomes of its will and of what it has not acknowledged (3.1.2.5, 3.1.4, 3.14, 4.13).
#pragma once

#include "broker/turn.hpp"

namespace tandemq {

enum class WillFate : std::uint8_t {
  publish,  // After its delay [MQTT-3.1.2-8].
  discard,  // The client has said goodbye [MQTT-3.1.2-10].
};

void disconnect(Turn& turn, Connection& connection, const mqtt::Disconnect& packet);

// Tells a client that can read it the reason, in CONNACK or DISCONNECT, and closes
// [MQTT-4.13.1-1, 4.13.2-1].
void refuse(Turn& turn, Connection& connection, mqtt::ReasonCode reason, std::string_view why);
// The DISCONNECT of a server, to a client that understands it.
void send_disconnect(Turn& turn, Connection& connection, mqtt::ReasonCode reason,
                     std::string_view why);
// Closes without a word of MQTT.
void close(Turn& turn, Connection& connection, std::string why,
           WillFate will_fate = WillFate::publish,
           std::optional<mqtt::ReasonCode> reason = std::nullopt);

// Parts connection and session: the session waits or ends, the will is published, put off or
// forgotten. Does nothing if they are parted already.
void detach(Turn& turn, Connection& connection, WillFate will_fate);

// Ends a session for good. Its messages of shared subscriptions go to other members, the others are
// counted as dropped; its will, if one is waiting, is published now [MQTT-3.1.3-9].
void end_session(Turn& turn, SessionId session, DropReason reason);

}  // namespace tandemq
