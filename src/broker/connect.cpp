#include "broker/connect.hpp"

#include "broker/admit.hpp"
#include "broker/adopt.hpp"
#include "broker/audit_event.hpp"
#include "broker/authenticate.hpp"
#include "broker/block.hpp"
#include "broker/deliver.hpp"
#include "broker/expire.hpp"
#include "broker/failed_logins.hpp"
#include "broker/leave.hpp"
#include "broker/will.hpp"
#include "mqtt/encode.hpp"
#include "mqtt/frame.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tandemq {
namespace {

using mqtt::PropertyId;
using mqtt::ReasonCode;
using mqtt::Version;

// 32 hexadecimal digits in the usual groups, behind a prefix that says who chose it.
std::string assigned_client_id(const Origin& origin) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id = "auto-";
  for (std::size_t i = 0; i < origin.entropy.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) id.push_back('-');
    id.push_back(kDigits[origin.entropy[i] >> 4U]);
    id.push_back(kDigits[origin.entropy[i] & 0x0FU]);
  }
  return id;
}

// [MQTT-3.1.3-6] to [MQTT-3.1.3-8]; MQTT 3.1 wants at least one character.
bool is_client_id_allowed(const World& world, const mqtt::Connect& packet) {
  if (!packet.client_id.empty()) return true;
  if (!world.config.mqtt.allow_empty_client_id || packet.version == Version::v31) return false;
  return packet.version == Version::v5 || packet.clean_start;
}

// What the client wants of the connection, within our limits.
void take_over_settings(const World& world, Connection& connection, const mqtt::Connect& packet) {
  const LimitsConfig& limits = world.config.limits;
  const auto number = [&](PropertyId id, std::uint32_t absent) {
    return packet.properties.number(id).value_or(absent);
  };
  const std::uint32_t expiry_s = connection.is_v5() ? number(PropertyId::session_expiry_interval, 0)
                                 : packet.clean_start ? 0
                                                      : kNeverExpires;
  connection.session_expiry_s = std::min(expiry_s, limits.session_expiry_max_s);
  connection.receive_maximum =
      static_cast<std::uint16_t>(number(PropertyId::receive_maximum, UINT16_MAX));
  connection.packet_size_max = number(PropertyId::maximum_packet_size, UINT32_MAX);
  connection.problem_information = number(PropertyId::request_problem_information, 1) == 1;
  connection.inbound_aliases = mqtt::InboundAliases(limits.topic_alias_max);
  connection.keep_alive_s = packet.keep_alive_s;
  // [MQTT-3.2.2-21]: only 5.0 can be told that the server wants to hear from it more often.
  const bool too_long = packet.keep_alive_s == 0 || packet.keep_alive_s > limits.max_keepalive_s;
  if (connection.is_v5() && too_long && limits.max_keepalive_s != UINT16_MAX)
    connection.keep_alive_s = limits.max_keepalive_s;
}

// The session's earlier connection, if it has one, ends [MQTT-3.1.4-3].
void end_earlier_connection(Turn& turn, const std::string& client_id) {
  const Session* session = turn.state.find_session(client_id);
  Connection* earlier = session == nullptr ? nullptr : turn.world.connections.of(session->id);
  if (earlier == nullptr) return;
  ++turn.world.counters.takeovers;
  refuse(turn, *earlier, ReasonCode::session_taken_over, "another connection has this client id");
}

// True if there was a session that goes on.
bool open_session(Turn& turn, Connection& connection, bool clean_start) {
  end_earlier_connection(turn, connection.client_id);
  if (const Session* session = turn.state.find_session(connection.client_id);
      session != nullptr && clean_start)
    end_session(turn, session->id, DropReason::session_ended);  // [MQTT-3.1.2-4]
  // A will that waits is not sent if the session goes on [MQTT-3.1.3-9].
  if (turn.state.wills().contains(connection.client_id)) clear_will(turn, connection.client_id);

  const Session* session = turn.state.find_session(connection.client_id);
  if (session != nullptr) {
    connection.session = session->id;
    turn.apply(
        SessionResumed{session->id, connection.user_name, connection.session_expiry_s, turn.now});
  } else {
    connection.session = turn.state.free_session_id();
    turn.apply(SessionOpened{connection.session, connection.client_id, connection.user_name,
                             connection.session_expiry_s, turn.now,
                             connection.session_expiry_s > 0});
  }
  turn.happens(session != nullptr ? Happening::resumed : Happening::opened, connection.session, {},
               connection.origin->address);
  turn.world.connections.bind(connection.session, &connection);
  turn.world.revoked.forget(connection.session);
  return session != nullptr;
}

// Says what differs from the defaults of the specification, and nothing else.
mqtt::Properties connack_properties(const Turn& turn, const Connection& connection,
                                    const mqtt::Connect& packet, std::string_view data) {
  const LimitsConfig& limits = *connection.limits;
  const MqttConfig& mqtt = turn.world.config.mqtt;
  mqtt::Properties out;
  const auto wanted = packet.properties.number(PropertyId::session_expiry_interval).value_or(0);
  if (limits.topic_alias_max > 0)
    out.add(PropertyId::topic_alias_maximum, std::uint32_t{limits.topic_alias_max});
  if (wanted != connection.session_expiry_s)
    out.add(PropertyId::session_expiry_interval, connection.session_expiry_s);
  if (packet.client_id.empty())
    out.add(PropertyId::assigned_client_identifier, connection.client_id);
  if (connection.keep_alive_s != packet.keep_alive_s)
    out.add(PropertyId::server_keep_alive, std::uint32_t{connection.keep_alive_s});
  if (mqtt.max_qos < 2) out.add(PropertyId::maximum_qos, std::uint32_t{mqtt.max_qos});
  if (!mqtt.retain_available) out.add(PropertyId::retain_available, 0U);
  if (!mqtt.wildcard_available) out.add(PropertyId::wildcard_subscription_available, 0U);
  if (!mqtt.subscription_id_available) out.add(PropertyId::subscription_identifier_available, 0U);
  if (!mqtt.shared_available) out.add(PropertyId::shared_subscription_available, 0U);
  const bool asked = packet.properties.number(PropertyId::request_response_information) == 1U;
  if (asked && !mqtt.response_information.empty())
    out.add(PropertyId::response_information, mqtt.response_information);
  if (!connection.auth_method.empty()) {
    out.add(PropertyId::authentication_method, connection.auth_method);
    if (!data.empty()) out.add(PropertyId::authentication_data, data);
  }
  if (limits.max_packet_size < mqtt::kPacketSizeMax)
    out.add(PropertyId::maximum_packet_size, limits.max_packet_size);
  if (limits.receive_maximum != UINT16_MAX)
    out.add(PropertyId::receive_maximum, std::uint32_t{limits.receive_maximum});
  return out;
}

void log_in(Turn& turn, Connection& connection) {
  const mqtt::Connect& packet = *connection.connect;
  LoginRequestView request;
  request.client_id = connection.client_id;
  request.user_name = packet.user_name;
  request.password = packet.password;
  request.certificate_user = connection.origin->certificate_user;
  request.listener_is_loopback = connection.origin->loopback;
  request.now = turn.now;
  request.address = connection.origin->address;
  request.listener = connection.origin->listener;
  Login login = turn.world.access->decide_login(request);
  switch (login.kind) {
    case Login::Kind::granted:
      connection.user_name = login.user;
      return accept(turn, connection, {});
    case Login::Kind::bad_credentials:
      if (refuse_if_paused(turn, connection)) return;
      count_failed_login(turn, connection);
      return refuse(turn, connection, ReasonCode::bad_user_name_or_password, login.reason);
    case Login::Kind::not_authorized:
      return refuse(turn, connection, ReasonCode::not_authorized, login.reason);
    case Login::Kind::must_verify:
      if (refuse_if_paused(turn, connection)) return;
      turn.send(connection, ReadFrom{false});
      return turn.send(connection, std::make_unique<PasswordCheck>(std::move(*login.check)));
  }
}

}  // namespace

void connect(Turn& turn, Connection& connection, mqtt::Connect packet) {
  connection.version = packet.version;
  connection.phase = ConnectionPhase::verifying;
  take_over_settings(turn.world, connection, packet);
  if (!may_connect(turn, connection)) return;
  if (!is_client_id_allowed(turn.world, packet))
    return refuse(turn, connection, ReasonCode::client_identifier_not_valid,
                  "an empty client id is not allowed here");
  connection.client_id =
      packet.client_id.empty() ? assigned_client_id(*connection.origin) : packet.client_id;
  if (packet.will) {
    const ReasonCode problem = will_problem(turn.world, *packet.will);
    if (problem != ReasonCode::success)
      return refuse(turn, connection, problem, "the will cannot be accepted");
  }
  connection.connect = std::make_unique<mqtt::Connect>(std::move(packet));
  if (turn.world.trace.active())
    turn.trace(connection, {},
               "CONNECT version=" + std::to_string(static_cast<int>(connection.version)));
  const std::string* method =
      connection.connect->properties.text(PropertyId::authentication_method);
  if (method != nullptr) return begin_authentication(turn, connection);
  if (!connection.origin->admin) return log_in(turn, connection);
  accept(turn, connection, {});
}

void password_checked(Turn& turn, Connection& connection, CheckResult result) {
  if (connection.phase != ConnectionPhase::verifying) return;
  if (!result.granted && result.unavailable)
    return refuse(turn, connection, ReasonCode::server_unavailable, result.reason);
  if (!result.granted) {
    count_failed_login(turn, connection);
    return refuse(turn, connection, ReasonCode::bad_user_name_or_password, result.reason);
  }
  connection.user_name = std::move(result.user);
  connection.login_ends_at = result.expires_at;
  connection.roles = std::move(result.roles);
  audit_unknown_roles(turn, connection);
  turn.send(connection, ReadFrom{true});
  accept(turn, connection, {});
  if (connection.phase == ConnectionPhase::ready) unblock(turn, connection);
}

void accept(Turn& turn, Connection& connection, std::string_view data) {
  const std::unique_ptr<mqtt::Connect> packet = std::move(connection.connect);
  mqtt::Connack connack;
  if (connection.is_v5()) connack.properties = connack_properties(turn, connection, *packet, data);
  // [MQTT-3.1.2-24]: a client that cannot be told what was granted gets nothing.
  if (mqtt::encoded_size(connack, connection.version) > connection.packet_size_max)
    return close(turn, connection, "its Maximum Packet Size is too small for CONNACK");

  if (turn.world.disk_low && connection.session_expiry_s > 0 &&
      (packet->clean_start || turn.state.find_session(connection.client_id) == nullptr))
    return refuse(turn, connection, ReasonCode::quota_exceeded,
                  "the disk of the broker is nearly full");

  // A will outlives its connection, and with it the roles of this login.
  if (packet->will && turn.world.access->roles_come_with_login() && !connection.origin->admin &&
      !may(turn, connection, Action::publish, packet->will->topic))
    return refuse(turn, connection, ReasonCode::not_authorized, "no right to publish the will");
  if (!may_enter(turn, connection)) return;

  adopt_client(turn, connection.client_id);
  const bool present = open_session(turn, connection, packet->clean_start);
  if (packet->will) set_will(turn, connection, *packet->will);
  connection.phase = ConnectionPhase::ready;
  turn.world.admission.enter(connection.user_name);
  connection.ack =
      turn.world.ack.of_client(connection.origin->listener, connection.user_name).level;
  ++turn.world.counters.connections_accepted;
  if (!connection.origin->admin) audit_connected(turn, connection);
  if (connection.keep_alive_s > 0)
    turn.world.timers.set(turn.now.plus_ms(connection.keep_alive_s * 1500LL),
                          {Due::Kind::keep_alive, number(connection.id), {}});
  watch_login(turn, connection);

  // Aliases are ours to choose, so their number is the smaller of both sides' wishes.
  const std::uint32_t alias_max = std::min<std::uint32_t>(
      packet->properties.number(PropertyId::topic_alias_maximum).value_or(0),
      turn.world.config.limits.topic_alias_max);
  connection.sends_aliases = alias_max > 0;
  turn.send(connection, Accepted{connection.version, static_cast<std::uint16_t>(alias_max)});
  connack.session_present = present && connection.version != Version::v31;
  turn.send_packet(connection, std::move(connack));
  pump(turn, connection);
}

}  // namespace tandemq
