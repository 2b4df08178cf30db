#include "broker/authenticate.hpp"

#include "access/digest.hpp"
#include "base/base64.hpp"
#include "tests/broker/lab.hpp"

#include <string>

using namespace tandemq;
using mqtt::PropertyId;
using mqtt::ReasonCode;

namespace {

constexpr std::string_view kBare = "n=ann,r=clientnonce";

Policy with_ann() {
  const auto line = make_entry("ann", "secret", "0123456789abcdef", kScramIterationsMin);
  REQUIRE(line);
  auto file = PasswordFile::parse(*line);
  REQUIRE(file);
  return {Anonymous::nowhere, *file, {}};
}

mqtt::Connect first(std::string_view method = kScramMethod) {
  return with(with(v5("c", 100), PropertyId::authentication_method, method),
              PropertyId::authentication_data, "n,," + std::string(kBare));
}

mqtt::Auth auth(ReasonCode reason, std::string_view data) {
  return with(with(mqtt::Auth{reason, {}}, PropertyId::authentication_method, kScramMethod),
              PropertyId::authentication_data, data);
}

// What a client that knows this password answers to the challenge.
std::string proof(const mqtt::Auth& challenge, std::string_view password) {
  const std::string text = *challenge.properties.text(PropertyId::authentication_data);
  const std::size_t salt_at = text.find(",s=") + 3;
  const std::size_t iterations_at = text.find(",i=");
  const auto salt = decode_base64(text.substr(salt_at, iterations_at - salt_at));
  const std::string salted = pbkdf2_sha256(
      password, *salt, static_cast<std::uint32_t>(std::stoul(text.substr(iterations_at + 3))));
  const std::string start = "c=biws," + text.substr(0, text.find(','));
  std::string key = hmac_sha256(salted, "Client Key");
  const std::string signature =
      hmac_sha256(sha256(key), std::string(kBare) + "," + text + "," + start);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<char>(key[i] ^ signature[i]);
  return start + ",p=" + encode_base64(key);
}

Client& authenticated(Lab& lab) {
  Client& client = lab.connect(first());
  const auto challenge = client.take<mqtt::Auth>();
  client.send(auth(ReasonCode::continue_authentication, proof(challenge, "secret")));
  return client;
}

}  // namespace

TEST_CASE(
    "[MQTT-4.12.0-2, -3, -5] SCRAM: challenge in AUTH 0x18, proof, the last word in CONNACK") {
  Lab lab(quiet(), with_ann());
  Client& client = lab.connect(first());
  const auto challenge = client.take<mqtt::Auth>();
  CHECK(challenge.reason == ReasonCode::continue_authentication);
  CHECK(*challenge.properties.text(PropertyId::authentication_method) == kScramMethod);
  CHECK(lab.state().session_count() == 0);
  client.send(auth(ReasonCode::continue_authentication, proof(challenge, "secret")));
  const auto connack = client.take<mqtt::Connack>();
  CHECK(connack.reason == ReasonCode::success);
  CHECK(*connack.properties.text(PropertyId::authentication_method) == kScramMethod);
  CHECK(connack.properties.text(PropertyId::authentication_data)->substr(0, 2) == "v=");
  CHECK(lab.state().find_session("c")->user_name == "ann");
}

TEST_CASE("[MQTT-4.12.0-1] a method that is not available is refused with 0x8C") {
  Lab lab(quiet(), with_ann());
  CHECK(lab.connect(first("GS2-KRB5")).next() == "CONNACK 0x8C");
  Lab open;
  CHECK(open.connect(first()).next() == "CONNACK 0x8C");
}

TEST_CASE("[MQTT-4.12.0-4] a wrong proof is refused with 0x87") {
  Lab lab(quiet(), with_ann());
  Client& client = lab.connect(first());
  const auto challenge = client.take<mqtt::Auth>();
  client.send(auth(ReasonCode::continue_authentication, proof(challenge, "wrong")));
  CHECK(client.next() == "CONNACK 0x87");
  CHECK(client.closed());
}

TEST_CASE("[MQTT-3.1.2-30] before CONNACK only AUTH and DISCONNECT may come") {
  Lab lab(quiet(), with_ann());
  Client& client = lab.connect(first());
  client.take<mqtt::Auth>();
  client.send(message("t", "x"));
  CHECK(client.next() == "CONNACK 0x82");
  Client& leaves = lab.connect(first());
  leaves.take<mqtt::Auth>();
  leaves.disconnect();
  CHECK(leaves.next() == "closed");
}

TEST_CASE("[MQTT-4.12.1-1] a client authenticates again on the way") {
  Lab lab(quiet(), with_ann());
  Client& client = authenticated(lab);
  client.take<mqtt::Connack>();
  client.send(auth(ReasonCode::reauthenticate, "n,," + std::string(kBare)));
  const auto challenge = client.take<mqtt::Auth>();
  client.send(mqtt::Ping{});  // Other packets go on meanwhile.
  CHECK(client.next() == "PINGRESP");
  client.send(auth(ReasonCode::continue_authentication, proof(challenge, "secret")));
  CHECK(client.next() == "AUTH");
}

TEST_CASE("[MQTT-4.12.1-2] a re-authentication that fails ends the connection with 0x87") {
  Lab lab(quiet(), with_ann());
  Client& client = authenticated(lab);
  client.take<mqtt::Connack>();
  client.send(auth(ReasonCode::reauthenticate, "n,," + std::string(kBare)));
  const auto challenge = client.take<mqtt::Auth>();
  client.send(auth(ReasonCode::continue_authentication, proof(challenge, "wrong")));
  CHECK(client.next() == "DISCONNECT 0x87");
}

TEST_CASE("AUTH out of turn, or of another method, is a protocol error") {
  Lab lab(quiet(), with_ann());
  Client& client = authenticated(lab);
  client.take<mqtt::Connack>();
  client.send(auth(ReasonCode::continue_authentication, "x"));
  CHECK(client.next() == "DISCONNECT 0x82");
  Client& other = authenticated(lab);
  other.take<mqtt::Connack>();
  other.send(
      with(mqtt::Auth{ReasonCode::reauthenticate, {}}, PropertyId::authentication_method, "PLAIN"));
  CHECK(other.next() == "DISCONNECT 0x82");
}

TEST_CASE("an exchange whose password file was taken away meanwhile is refused") {
  Lab lab(quiet(), with_ann());
  Client& client = lab.connect(first());
  const auto challenge = client.take<mqtt::Auth>();
  lab.primary().broker().reload(quiet(), std::make_shared<const Access>(Policy{}), lab.now,
                                lab.primary().effects());
  client.send(auth(ReasonCode::continue_authentication, proof(challenge, "secret")));
  CHECK(client.next() == "CONNACK 0x8C");
}

TEST_CASE("AUTH names the user of the certificate, or the client is refused") {
  Lab lab(quiet(), with_ann());
  for (const auto& [certified, answer] :
       {std::pair("ann", "CONNACK"), std::pair("bob", "CONNACK 0x86")}) {
    Origin origin;
    origin.certificate_user = certified;
    Client& client = lab.open(std::move(origin));
    client.send(first());
    const auto challenge = client.take<mqtt::Auth>();
    client.send(auth(ReasonCode::continue_authentication, proof(challenge, "secret")));
    CHECK(client.next() == answer);
  }
}

TEST_CASE("a wrong proof counts as a failed login, and a pause holds for SCRAM too") {
  Lab lab(quiet(), with_ann());
  for (int i = 0; i < 5; ++i) {
    Client& client = lab.connect(first());
    const auto challenge = client.take<mqtt::Auth>();
    client.send(auth(ReasonCode::continue_authentication, proof(challenge, "wrong")));
    CHECK(client.next() == "CONNACK 0x87");
  }
  CHECK(lab.world().counters.logins_failed == 5);
  CHECK(lab.connect(first()).next() == "CONNACK 0x9F");
}
