#include "broker/acknowledge.hpp"

#include "broker/deliver.hpp"
#include "broker/leave.hpp"
#include "broker/retain.hpp"

namespace tandemq {
namespace {

using mqtt::PacketType;

Happening happening_of(PacketType type) {
  if (type == PacketType::puback) return Happening::puback_in;
  return type == PacketType::pubcomp ? Happening::pubcomp_in : Happening::pubrec_in;
}

AckKind kind_of(const mqtt::Ack& packet) {
  if (packet.type == PacketType::puback) return AckKind::puback;
  if (packet.type == PacketType::pubcomp) return AckKind::pubcomp;
  return mqtt::is_error(packet.reason) ? AckKind::pubrec_error : AckKind::pubrec;
}

void send_pubrel(Turn& turn, Connection& connection, std::uint16_t packet_id) {
  turn.send(connection, mqtt::Ack{PacketType::pubrel, packet_id, {}, {}});
}

void finish(Turn& turn, Connection& connection, std::size_t i, std::uint16_t packet_id) {
  if (i < connection.resent) {  // It was sent on this connection, and not on an earlier one only.
    --connection.resent;
    --connection.outstanding;
  }
  turn.apply(Acknowledged{connection.session, packet_id});
  pump(turn, connection);
  continue_retained(turn, connection);
}

}  // namespace

void acknowledge(Turn& turn, Connection& connection, const mqtt::Ack& packet) {
  const Outgoing& outgoing = turn.state.session(connection.session)->outgoing;
  const auto i = outgoing.find_inflight(packet.packet_id);
  turn.happens(happening_of(packet.type), connection.session, packet.reason, packet.packet_id,
               i ? outgoing[*i].message_id() : MessageId::none);
  if (!i) {
    // A handshake that is over on our side: a PUBREC still gets its PUBREL, so that it ends on
    // the other side too; the others need no answer.
    if (kind_of(packet) != AckKind::pubrec) return;
    turn.wait_for_log(connection);
    return send_pubrel(turn, connection, packet.packet_id);
  }
  switch (handshake(outgoing[*i].qos, outgoing[*i].phase, kind_of(packet))) {
    case AckOutcome::done:
      return finish(turn, connection, *i, packet.packet_id);
    case AckOutcome::release:
      turn.apply(Released{connection.session, packet.packet_id});
      return send_pubrel(turn, connection, packet.packet_id);
    case AckOutcome::repeat_pubrel:
      turn.wait_for_log(connection);
      return send_pubrel(turn, connection, packet.packet_id);
    case AckOutcome::mismatch:
      return refuse(turn, connection, mqtt::ReasonCode::protocol_error,
                    "an acknowledgement that does not fit the QoS of its message");
  }
}

}  // namespace tandemq
