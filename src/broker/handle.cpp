#include "broker/handle.hpp"

#include "broker/acknowledge.hpp"
#include "broker/authenticate.hpp"
#include "broker/block.hpp"
#include "broker/connect.hpp"
#include "broker/leave.hpp"
#include "broker/publish.hpp"
#include "broker/subscribe.hpp"

#include <utility>

namespace tandemq {
namespace {

using mqtt::PacketType;
using mqtt::ReasonCode;

// One overload a packet type, for a connection that has been accepted.
struct Ready {
  Turn& turn;
  Connection& connection;

  void operator()(mqtt::Publish& packet) { publish(turn, connection, std::move(packet)); }
  void operator()(mqtt::Ack& packet) {
    if (packet.type == PacketType::pubrel) return pubrel(turn, connection, packet);
    acknowledge(turn, connection, packet);
  }
  void operator()(mqtt::Subscribe& packet) { subscribe(turn, connection, std::move(packet)); }
  void operator()(mqtt::Unsubscribe& packet) { unsubscribe(turn, connection, packet); }
  void operator()(mqtt::Disconnect& packet) { disconnect(turn, connection, packet); }
  void operator()(mqtt::Auth& packet) { authenticate(turn, connection, packet); }
  void operator()(mqtt::Ping& packet) {
    if (packet.type != PacketType::pingreq) return illegal();
    turn.send_packet(connection, mqtt::Ping{PacketType::pingresp});  // [MQTT-3.12.4-1]
  }
  void operator()(mqtt::Connect&) { illegal(); }  // [MQTT-3.1.0-2]
  void operator()(mqtt::Connack&) { illegal(); }
  void operator()(mqtt::SubscriptionAck&) { illegal(); }

  void illegal() {
    refuse(turn, connection, ReasonCode::protocol_error, "a client must not send this packet now");
  }
};

// What a client that waits for an answer to its CONNECT may send.
void handle_connecting(Turn& turn, Connection& connection, mqtt::Packet&& packet) {
  if (connection.phase == ConnectionPhase::verifying)
    return park(connection, std::move(packet));  // [MQTT-3.1.4-5]: it need not wait for CONNACK.
  if (const auto* auth = std::get_if<mqtt::Auth>(&packet))
    return authenticate(turn, connection, *auth);
  if (std::holds_alternative<mqtt::Disconnect>(packet))
    return close(turn, connection, "gave up authenticating");
  refuse(turn, connection, ReasonCode::protocol_error, "only AUTH is allowed now");
}

bool is_receivers_answer(const mqtt::Packet& packet) {
  const auto* ack = std::get_if<mqtt::Ack>(&packet);
  return ack != nullptr && ack->type != PacketType::pubrel;
}

}  // namespace

void handle(Turn& turn, Connection& connection, mqtt::Packet&& packet) {
  switch (connection.phase) {
    case ConnectionPhase::closing:
      return;
    case ConnectionPhase::opened: {
      auto* first = std::get_if<mqtt::Connect>(&packet);
      if (first != nullptr) return connect(turn, connection, std::move(*first));
      ++turn.world.counters.protocol_errors;
      return close(turn, connection, "the first packet is not CONNECT");  // [MQTT-3.1.0-1]
    }
    case ConnectionPhase::verifying:
    case ConnectionPhase::authenticating:
      return handle_connecting(turn, connection, std::move(packet));
    case ConnectionPhase::ready:
      // Answers to deliveries are taken even from a publisher that waits: they make room.
      if (connection.blocked && !is_receivers_answer(packet))
        return park(connection, std::move(packet));
      return std::visit(Ready{turn, connection}, packet);
  }
}

}  // namespace tandemq
