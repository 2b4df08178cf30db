#include "mqtt/encode.hpp"
#include "net/hub.hpp"
#include "tests/net/loopback.hpp"
#include "tests/net/tls_peer.hpp"
#include "tests/replication/certificates.hpp"
#include "tests/store/samples.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <openssl/ssl.h>

namespace tandemq {
namespace {

using mqtt::QoS;
using tests::Authority;
using tests::Loopback;
using tests::TlsPeer;
using tests::TlsSettings;
using Context = std::shared_ptr<const TlsContext>;

std::string bytes_of(mqtt::Packet packet) {
  std::string bytes;
  mqtt::encode(packet, mqtt::Version::v311, bytes);
  return bytes;
}

OtherPacket answer_to_ping() {
  return std::make_unique<mqtt::Packet>(mqtt::Ping{mqtt::PacketType::pingresp});
}

// An authority, and a listener with a certificate of it.
struct TlsLab {
  TlsLab() {
    const ReplicationConfig files = authority.issue("server");
    listener.tls = ListenerTls{};
    listener.tls->cert = files.tls_cert;
    listener.tls->key = files.tls_key;
    listener.tls->ca = settings.ca = authority.file();
  }

  [[nodiscard]] Context context(const char* secret = "a secret") const {
    auto made = TlsContext::make(listener, std::make_shared<const TicketKeys>(secret));
    REQUIRE(made.has_value());
    return *made;
  }
  [[nodiscard]] TlsSettings client(const std::string& name) const {
    const ReplicationConfig files = authority.issue(name);
    return {settings.ca, files.tls_cert, files.tls_key, 0};
  }

  tests::TempFolder folder;
  Authority authority{folder.path(), "authority"};
  ListenerConfig listener;
  TlsSettings settings;
};

std::unique_ptr<TlsPeer> dial(Loopback& loop, const Context& context, const TlsSettings& settings,
                              const TlsPeer::Session& session = nullptr) {
  const auto [accepted, client] = tests::make_connection();
  loop.hub.offer(accepted, std::make_unique<Origin>(), {context});
  return std::make_unique<TlsPeer>(client, settings, session);
}

// And is known to the core.
std::unique_ptr<TlsPeer> enter(Loopback& loop, const Context& context, const TlsSettings& settings,
                               const TlsPeer::Session& session = nullptr) {
  const std::size_t before = loop.count<Opened>();
  auto peer = dial(loop, context, settings, session);
  REQUIRE(loop.run_until([&] { return peer->shake(); }));
  REQUIRE(loop.run_until([&] { return loop.count<Opened>() == before + 1; }));
  return peer;
}

}  // namespace

TEST_CASE("what is said over TLS is what would be said without") {
  const TlsLab lab;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Loopback loop;
    auto settings = lab.settings;
    settings.version = version;
    auto peer = enter(loop, lab.context(), settings);
    const ConnectionId id = loop.last<Opened>().connection;
    CHECK(loop.ends.size() == 1);
    CHECK_FALSE(loop.last<Opened>().origin->certificate_user.has_value());
    peer->send(bytes_of(mqtt::Ping{}) + bytes_of(mqtt::Ping{}).substr(0, 1));
    peer->send(bytes_of(mqtt::Ping{}).substr(1));
    REQUIRE(loop.run_until([&] { return loop.count<Received>() == 2; }));
    std::string payload(3'000'000, '\0');
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i * 7 / 3);
    loop.put_out(id, answer_to_ping());
    loop.deliver(id, QoS::at_least_once, "big", payload);
    for (int i = 0; i < 1'000; ++i) loop.deliver(id, QoS::at_least_once, "small", "text");
    loop.put_out(id, answer_to_ping());
    const auto publish = [](const char* topic, std::string text) {
      mqtt::Publish packet;
      packet.qos = QoS::at_least_once;
      packet.packet_id = 1;
      packet.topic = topic;
      packet.payload = std::move(text);
      return bytes_of(std::move(packet));
    };
    const std::string ping = bytes_of(mqtt::Ping{mqtt::PacketType::pingresp});
    std::string expected = ping + publish("big", payload);
    for (int i = 0; i < 1'000; ++i) expected += publish("small", "text");
    expected += ping;
    REQUIRE(
        loop.run_until([&] { return peer->read() && peer->received.size() >= expected.size(); }));
    CHECK(peer->received == expected);
    peer->close();
    REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 1; }));
    CHECK(loop.hub.counters().connections == 0);
    CHECK(loop.hub.counters().handshakes_full == 1);
    CHECK(loop.ends.empty());
  }
}

TEST_CASE("the first packet may come together with the end of the handshake") {
  const TlsLab lab;
  Loopback loop;
  auto peer = dial(loop, lab.context(), lab.settings);
  // The hub does not run between the client's last flight and its packet.
  REQUIRE(loop.run_until([&] { return peer->shake(); }));
  peer->send(bytes_of(mqtt::Ping{}));
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 1; }));
  REQUIRE(std::holds_alternative<Opened>(loop.events.front()));
  CHECK(loop.count<Opened>() == 1);
}

TEST_CASE("the keys of a connection may change under way") {
  const TlsLab lab;
  Loopback loop;
  auto peer = enter(loop, lab.context(), lab.settings);
  const ConnectionId id = loop.last<Opened>().connection;
  for (std::size_t round = 1; round <= 20; ++round) {
    peer->update_key();
    peer->send(bytes_of(mqtt::Ping{}));
    REQUIRE(loop.run_until([&] { return loop.count<Received>() == round; }));
    loop.put_out(id, answer_to_ping());
    REQUIRE(loop.run_until([&] { return peer->read() && peer->received.size() == 2 * round; }));
  }
}

TEST_CASE("an end that was asked for says goodbye, behind the last packet") {
  const TlsLab lab;
  Loopback loop;
  auto peer = enter(loop, lab.context(), lab.settings);
  const ConnectionId id = loop.last<Opened>().connection;
  loop.put_out(id, answer_to_ping());
  loop.put_out(id, Close{"enough"});
  REQUIRE(loop.run_until([&] { return !peer->read(); }));
  CHECK(peer->received == bytes_of(mqtt::Ping{mqtt::PacketType::pingresp}));
  CHECK(peer->said_goodbye());
  peer->close();
  REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 1; }));
  CHECK(loop.last<Closed>().why == "enough");
}

TEST_CASE("the core hears nothing of a handshake that does not end") {
  const TlsLab lab;
  LimitsConfig limits;
  limits.connect_timeout_ms = 100;
  Loopback loop(limits);
  auto silent = dial(loop, lab.context(), lab.settings);
  auto half = dial(loop, lab.context(), lab.settings);
  CHECK_FALSE(half->shake());
  auto gone = dial(loop, lab.context(), lab.settings);
  gone->close();
  REQUIRE(loop.run_until([&] { return loop.hub.counters().handshakes_failed == 3; }));
  REQUIRE(loop.run_until([&] { return !half->read(); }));
  silent->close();
  half->close();
  REQUIRE(loop.run_until([&] { return loop.hub.counters().connections == 0; }));
  CHECK(loop.events.empty());
}

TEST_CASE("while as many handshakes as may be are under way others wait, and go on then") {
  const TlsLab lab;
  Loopback loop;
  const Context context = lab.context();
  std::vector<std::unique_ptr<TlsPeer>> half;
  for (std::size_t i = 0; i < Hub::kHandshakesMax; ++i) {
    half.push_back(dial(loop, context, lab.settings));
    half.back()->shake();
  }
  // The client's last word is all that is missing.
  REQUIRE(loop.run_until([&] {
    std::size_t answered = 0;
    for (const auto& peer : half) answered += peer->has_answer() ? 1 : 0;
    return answered == half.size();
  }));
  auto last = dial(loop, context, lab.settings);
  REQUIRE_FALSE(last->shake());
  auto plain = loop.connect();  // Is served although it came later.
  plain->send(bytes_of(mqtt::Ping{}));
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 1; }));
  CHECK_FALSE(last->has_answer());
  REQUIRE(loop.run_until([&] { return half.front()->shake(); }));
  REQUIRE(loop.run_until([&] { return last->shake(); }));
  REQUIRE(loop.run_until([&] { return loop.count<Opened>() == 3; }));
}

TEST_CASE("a client is whom its certificate names") {
  TlsLab lab;
  lab.listener.tls->client_certificate = ClientCertificate::optional;
  Loopback loop;
  auto alice = enter(loop, lab.context(), lab.client("alice"));
  CHECK(loop.last<Opened>().origin->certificate_user == "alice");
  auto nobody = enter(loop, lab.context(), lab.settings);
  CHECK_FALSE(loop.last<Opened>().origin->certificate_user.has_value());
  lab.listener.tls->user_from = UserFrom::none;
  auto again = enter(loop, lab.context(), lab.client("alice"));
  CHECK_FALSE(loop.last<Opened>().origin->certificate_user.has_value());
  lab.listener.tls->user_from = UserFrom::fingerprint;
  auto marked = enter(loop, lab.context(), lab.client("alice"));
  CHECK(loop.last<Opened>().origin->certificate_user.value_or("").size() == 64);
  lab.listener.tls->user_from = UserFrom::san;
  auto nameless = enter(loop, lab.context(), lab.client("alice"));
  CHECK(loop.last<Opened>().origin->certificate_user == "");
}

TEST_CASE("who shows no certificate, or one of another authority, stays outside") {
  TlsLab lab;
  lab.listener.tls->client_certificate = ClientCertificate::required;
  Authority other(lab.folder.path(), "other");
  const ReplicationConfig files = other.issue("alice");
  for (const TlsSettings& settings :
       {lab.settings, TlsSettings{lab.settings.ca, files.tls_cert, files.tls_key, 0}}) {
    Loopback loop;
    auto peer = dial(loop, lab.context(), settings);
    REQUIRE(loop.run_until([&] { return peer->shake(); }));  // Over TLS 1.3 it hears of it later.
    REQUIRE(loop.run_until([&] { return !peer->read(); }));
    CHECK(loop.hub.counters().handshakes_failed == 1);
    peer->close();
    REQUIRE(loop.run_until([&] { return loop.hub.counters().connections == 0; }));
    CHECK(loop.events.empty());
  }
}

TEST_CASE("a session is resumed where the secret is the same, and goes with its certificate") {
  TlsLab lab;
  lab.listener.tls->client_certificate = ClientCertificate::optional;
  const Context other = lab.context("another secret");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsSettings alice = lab.client("alice");
    alice.version = version;
    Loopback loop;
    const auto visit = [&](const Context& context, const TlsPeer::Session& session) {
      auto peer = enter(loop, context, alice, session);
      loop.put_out(loop.last<Opened>().connection, answer_to_ping());
      REQUIRE(loop.run_until([&] { return peer->read() && !peer->received.empty(); }));
      CHECK(loop.last<Opened>().origin->certificate_user == "alice");
      return peer;
    };
    const auto session = visit(lab.context(), nullptr)->session();
    CHECK(visit(lab.context(), session)->resumed());
    CHECK_FALSE(visit(other, session)->resumed());
    CHECK(loop.hub.counters().handshakes_full == 2);
    CHECK(loop.hub.counters().handshakes_resumed == 1);
  }
}

TEST_CASE("a ticket of a listener that asks no certificate opens none that does") {
  TlsLab lab;
  Loopback loop;
  auto peer = enter(loop, lab.context(), lab.client("alice"));
  loop.put_out(loop.last<Opened>().connection, answer_to_ping());
  REQUIRE(loop.run_until([&] { return peer->read() && !peer->received.empty(); }));
  lab.listener.tls->client_certificate = ClientCertificate::required;
  auto again = enter(loop, lab.context(), lab.client("alice"), peer->session());
  CHECK_FALSE(again->resumed());
  CHECK(loop.last<Opened>().origin->certificate_user == "alice");
}

}  // namespace tandemq
