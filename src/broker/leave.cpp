#include "broker/leave.hpp"

#include "broker/audit_event.hpp"
#include "broker/deliver.hpp"
#include "broker/retain.hpp"
#include "broker/share.hpp"
#include "broker/will.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {

using mqtt::PropertyId;
using mqtt::ReasonCode;

void disconnect(Turn& turn, Connection& connection, const mqtt::Disconnect& packet) {
  if (const auto expiry_s = packet.properties.number(PropertyId::session_expiry_interval)) {
    // [MQTT-3.1.2-23]: what was zero must stay zero.
    if (connection.session_expiry_s == 0 && *expiry_s != 0)
      return refuse(turn, connection, ReasonCode::protocol_error,
                    "a session that was to end with its connection cannot be prolonged");
    connection.session_expiry_s =
        std::min(*expiry_s, turn.world.config.limits.session_expiry_max_s);
  }
  const bool goodbye = !connection.is_v5() || packet.reason == ReasonCode::success;
  close(turn, connection, "disconnected by the client: " + std::string(name(packet.reason)),
        goodbye ? WillFate::discard : WillFate::publish, packet.reason);
}

void refuse(Turn& turn, Connection& connection, ReasonCode reason, std::string_view why) {
  if (connection.phase == ConnectionPhase::closing) return;
  const bool accepted = connection.phase == ConnectionPhase::ready;
  if (!accepted) ++turn.world.counters.connections_refused;
  if (!accepted && connection.phase != ConnectionPhase::opened) {
    turn.happens(Happening::refused, SessionId::none, reason, connection.client_id);
    // The return codes of 3.1 and 3.1.1 do not say everything: then the connection is just closed.
    if (connection.is_v5() || mqtt::connack_code_311(reason)) {
      turn.send(connection, Accepted{connection.version, 0});
      turn.send_packet(connection,
                       mqtt::Connack{false, reason, turn.reason_string(connection, why)});
    }
  } else if (accepted && connection.is_v5()) {
    send_disconnect(turn, connection, reason, why);
  }
  std::string text(name(reason));
  if (!why.empty()) text.append(": ").append(why);
  close(turn, connection, std::move(text), WillFate::publish, reason);
}

void send_disconnect(Turn& turn, Connection& connection, ReasonCode reason, std::string_view why) {
  // Of a second CONNECT that is wrong in itself: its reasons belong in CONNACK (3.14.2.1).
  if (!mqtt::allowed_in(reason, mqtt::PacketType::disconnect)) reason = ReasonCode::protocol_error;
  mqtt::Properties properties = turn.reason_string(connection, why);
  const std::string& reference = turn.world.config.mqtt.server_reference;
  if (reason == ReasonCode::use_another_server && !reference.empty())
    properties.add(PropertyId::server_reference, reference);
  turn.send_packet(connection, mqtt::Disconnect{reason, std::move(properties)});
}

void close(Turn& turn, Connection& connection, std::string why, WillFate will_fate,
           std::optional<ReasonCode> reason) {
  if (connection.phase == ConnectionPhase::closing) return;
  audit_end(turn, connection, reason, why);
  if (connection.phase == ConnectionPhase::ready) turn.world.admission.leave(connection.user_name);
  connection.phase = ConnectionPhase::closing;
  if (turn.world.trace.active()) turn.trace(connection, {}, "closed: " + why);
  if (connection.session != SessionId::none)
    turn.happens(Happening::suspended, connection.session, {}, why);
  turn.send(connection, Close{std::move(why)});
  detach(turn, connection, will_fate);
}

void detach(Turn& turn, Connection& connection, WillFate will_fate) {
  connection.connect.reset();
  connection.authentication.reset();
  connection.parked.reset();
  if (std::exchange(connection.blocked, false)) std::erase(turn.world.blocked, connection.id);
  if (connection.session == SessionId::none) return;
  turn.world.connections.bind(connection.session, nullptr);
  turn.world.revoked.forget(connection.session);
  finish_retained(turn, connection);
  const SessionId id = std::exchange(connection.session, SessionId::none);
  const std::uint32_t expiry_s = connection.session_expiry_s;
  const bool had_will = std::exchange(connection.will_set, false);
  if (had_will && will_fate == WillFate::discard) clear_will(turn, connection.client_id);
  if (had_will && will_fate == WillFate::publish) {
    const auto will = turn.state.wills().find(connection.client_id);
    const std::uint32_t delay_s = std::min(will->second.will.delay_s, expiry_s);
    schedule_will(turn, connection.client_id, turn.now.plus_s(delay_s));
  }
  if (expiry_s == 0) return end_session(turn, id, DropReason::session_ended);
  turn.apply(SessionSuspended{id, expiry_s, turn.now});
  turn.watch(turn.state.session(id)->expires_at(), {Due::Kind::session, index(id), {}});
  hand_over_shared(turn, id, Leaving::for_a_while);
}

void end_session(Turn& turn, SessionId id, DropReason reason) {
  hand_over_shared(turn, id, Leaving::for_good);
  const Session& session = *turn.state.session(id);
  const Outgoing& outgoing = session.outgoing;
  for (std::size_t i = 0; i < outgoing.size(); ++i)
    if (outgoing[i].phase != DeliveryPhase::released)
      turn.drop(reason, session.client_id, outgoing[i].message());
  const std::string client_id = session.client_id;
  turn.happens(Happening::ended, id, {}, client_id);
  turn.apply(SessionEnded{id});
  turn.world.revoked.forget(id);
  turn.world.room_made = true;
  if (turn.state.wills().contains(client_id)) publish_will(turn, client_id);
}

}  // namespace tandemq
