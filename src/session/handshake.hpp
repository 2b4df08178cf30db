// The sender's half of the QoS 1 and QoS 2 handshakes (section 4.3) as a table: phase of a delivery
// × acknowledgement of the receiver -> what follows. Pure values.
#pragma once

#include "mqtt/packet.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace tandemq {

enum class DeliveryPhase : std::uint8_t {
  queued,    // Waits for its turn; no packet id yet.
  sent,      // PUBLISH is out, PUBACK or PUBREC is awaited.
  released,  // PUBREC has come and PUBREL is out, PUBCOMP is awaited; the message is not needed.
};

enum class AckKind : std::uint8_t { puback, pubrec, pubrec_error, pubcomp };

enum class AckOutcome : std::uint8_t {
  done,           // The delivery is over.
  release,        // Keep that it was received and send PUBREL.
  repeat_pubrel,  // A PUBREC again: PUBREL again, nothing changes.
  mismatch,       // An acknowledgement that does not belong to this handshake.
};

struct HandshakeRow {
  mqtt::QoS qos;
  DeliveryPhase phase;
  AckKind ack;
  AckOutcome outcome;
  std::string_view why;
};

inline constexpr std::array kHandshake = {
    HandshakeRow{mqtt::QoS::at_least_once, DeliveryPhase::sent, AckKind::puback, AckOutcome::done,
                 "[MQTT-4.3.2-3] PUBACK ends QoS 1, also with an error"},
    HandshakeRow{mqtt::QoS::exactly_once, DeliveryPhase::sent, AckKind::pubrec, AckOutcome::release,
                 "[MQTT-4.3.3-4] PUBREC below 0x80 is answered by PUBREL"},
    HandshakeRow{mqtt::QoS::exactly_once, DeliveryPhase::sent, AckKind::pubrec_error,
                 AckOutcome::done, "4.3.3: PUBREC of 0x80 or more ends the handshake"},
    HandshakeRow{mqtt::QoS::exactly_once, DeliveryPhase::released, AckKind::pubrec,
                 AckOutcome::repeat_pubrel, "the PUBREL was not seen yet"},
    HandshakeRow{mqtt::QoS::exactly_once, DeliveryPhase::released, AckKind::pubrec_error,
                 AckOutcome::done, "the receiver has forgotten the packet id"},
    HandshakeRow{mqtt::QoS::exactly_once, DeliveryPhase::released, AckKind::pubcomp,
                 AckOutcome::done, "[MQTT-4.3.3-6] PUBCOMP ends QoS 2"},
};

// What is not in the table is a mismatch.
constexpr AckOutcome handshake(mqtt::QoS qos, DeliveryPhase phase, AckKind ack) {
  for (const HandshakeRow& row : kHandshake)
    if (row.qos == qos && row.phase == phase && row.ack == ack) return row.outcome;
  return AckOutcome::mismatch;
}

}  // namespace tandemq
