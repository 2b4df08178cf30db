#include "broker/authenticate.hpp"

#include "broker/connect.hpp"
#include "broker/failed_logins.hpp"
#include "broker/leave.hpp"

#include <string>
#include <utility>

namespace tandemq {
namespace {

using mqtt::PropertyId;
using mqtt::ReasonCode;

// The server's half of the SCRAM nonce.
std::string nonce_of(Connection& connection) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string nonce;
  for (const std::uint8_t byte : connection.origin->entropy) nonce.push_back(kLetters[byte % 64]);
  // Distinct for each exchange of the connection; the random part makes it unguessable.
  nonce.append(std::to_string(connection.authentications++));
  nonce.append(18 > nonce.size() ? 18 - nonce.size() : 0, '0');
  return nonce;
}

// One step of the exchange with what the client has sent.
void step(Turn& turn, Connection& connection, const mqtt::Properties& properties) {
  if (turn.world.access->passwords() == nullptr)  // Also if they were taken away meanwhile.
    return refuse(turn, connection, ReasonCode::bad_authentication_method,
                  "this method is not available");  // [MQTT-4.12.0-1]
  const std::string* data = properties.text(PropertyId::authentication_data);
  const bool connecting = connection.phase == ConnectionPhase::authenticating;
  const PasswordFile* passwords = turn.world.access->passwords();
  if (passwords == nullptr)  // A reload may have taken it away.
    return refuse(turn, connection, ReasonCode::not_authorized, "authentication has failed");
  ScramServer::Reply reply = connection.authentication->scram.step(
      *passwords, data == nullptr ? std::string_view{} : *data);
  if (reply.kind == ScramServer::Reply::Kind::failure) {
    count_failed_login(turn, connection);
    return refuse(turn, connection, ReasonCode::not_authorized, "authentication has failed");
  }
  if (reply.kind == ScramServer::Reply::Kind::success) {
    connection.authentication.reset();
    // [MQTT-4.12.1-1]: who re-authenticates stays the user that the session belongs to.
    if (!connecting && reply.user != connection.user_name)
      return refuse(turn, connection, ReasonCode::not_authorized, "another user's credentials");
    const auto& certified = connection.origin->certificate_user;
    if (certified && reply.user != *certified)
      return refuse(turn, connection, ReasonCode::bad_user_name_or_password,
                    "the user name is not the one of the client's certificate");
    connection.user_name = reply.user;
    if (connecting) return accept(turn, connection, reply.data);
  }
  const bool done = reply.kind == ScramServer::Reply::Kind::success;
  mqtt::Auth auth;
  auth.reason = done ? ReasonCode::success : ReasonCode::continue_authentication;
  auth.properties.add(PropertyId::authentication_method, connection.auth_method);
  if (!reply.data.empty()) auth.properties.add(PropertyId::authentication_data, reply.data);
  if (connecting) turn.send(connection, Accepted{connection.version, 0});
  turn.send_packet(connection, std::move(auth));
}

}  // namespace

void begin_authentication(Turn& turn, Connection& connection) {
  const mqtt::Properties& properties = connection.connect->properties;
  connection.auth_method = *properties.text(PropertyId::authentication_method);
  if (connection.auth_method != kScramMethod)
    return refuse(turn, connection, ReasonCode::bad_authentication_method,
                  "this method is not available");  // [MQTT-4.12.0-1]
  if (refuse_if_paused(turn, connection)) return;
  connection.phase = ConnectionPhase::authenticating;
  connection.authentication = std::make_unique<Authentication>(
      Authentication{connection.auth_method, ScramServer(nonce_of(connection))});
  step(turn, connection, properties);
}

void authenticate(Turn& turn, Connection& connection, const mqtt::Auth& packet) {
  const std::string* method = packet.properties.text(PropertyId::authentication_method);
  // [MQTT-4.12.0-6], [MQTT-4.12.0-7] and 3.15.2.2.2: never without, never another method.
  if (connection.auth_method.empty() || method == nullptr || *method != connection.auth_method)
    return refuse(turn, connection, ReasonCode::protocol_error,
                  "AUTH needs the Authentication Method of the CONNECT");
  const bool begins = packet.reason == ReasonCode::reauthenticate;
  const bool goes_on = packet.reason == ReasonCode::continue_authentication;
  const bool exchange = connection.authentication != nullptr;
  if (begins == exchange || begins == goes_on)
    return refuse(turn, connection, ReasonCode::protocol_error, "AUTH out of turn");
  if (begins && refuse_if_paused(turn, connection)) return;
  if (begins)
    connection.authentication = std::make_unique<Authentication>(
        Authentication{connection.auth_method, ScramServer(nonce_of(connection))});
  step(turn, connection, packet.properties);
}

}  // namespace tandemq
