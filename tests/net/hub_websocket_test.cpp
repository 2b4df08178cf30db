#include "mqtt/encode.hpp"
#include "net/hub.hpp"
#include "tests/net/loopback.hpp"
#include "tests/net/tls_peer.hpp"
#include "tests/net/websocket_frames.hpp"
#include "tests/replication/certificates.hpp"
#include "tests/store/samples.hpp"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using namespace tests;
using mqtt::QoS;

constexpr const char* kAccepted = "HTTP/1.1 101 ";

std::string mqtt_bytes(mqtt::Packet packet) {
  std::string bytes;
  mqtt::encode(packet, mqtt::Version::v311, bytes);
  return bytes;
}

std::string ping() {
  return mqtt_bytes(mqtt::Ping{});
}

OtherPacket ping_answer() {
  return std::make_unique<mqtt::Packet>(mqtt::Ping{mqtt::PacketType::pingresp});
}

std::unique_ptr<Peer> call(Loopback& loop, const ListenerWebSocket& rules = {}) {
  const auto [accepted, client] = make_connection();
  auto origin = std::make_unique<Origin>();
  origin->address = "192.0.2.1:5";
  loop.hub.offer(accepted, std::move(origin),
                 {nullptr, std::make_shared<const ListenerWebSocket>(rules)});
  return std::make_unique<Peer>(client);
}

// And is known to the core. The answer is read.
std::unique_ptr<Peer> upgraded(Loopback& loop) {
  const std::size_t before = loop.count<Opened>();
  auto peer = call(loop);
  peer->send(upgrade_request());
  REQUIRE(loop.run_until([&] { return loop.count<Opened>() == before + 1; }));
  REQUIRE(loop.run_until([&] { return peer->read() && peer->received.ends_with("\r\n\r\n"); }));
  REQUIRE(peer->received.starts_with(kAccepted));
  peer->received.clear();
  return peer;
}

std::string payloads_of(const std::vector<ServerFrame>& frames) {
  std::string all;
  for (const ServerFrame& frame : frames) {
    CHECK(frame.first == 0x82);
    all += frame.payload;
  }
  return all;
}

std::string publish_bytes(const char* topic, std::string text) {
  mqtt::Publish packet;
  packet.qos = QoS::at_least_once;
  packet.packet_id = 1;
  packet.topic = topic;
  packet.payload = std::move(text);
  return mqtt_bytes(std::move(packet));
}

// It ends with this code, and the core hears why.
void expect_close(Loopback& loop, Peer& peer, std::uint16_t code, const std::string& why) {
  REQUIRE(loop.run_until([&] { return !peer.read(); }));
  const std::vector<ServerFrame> frames = take_server_frames(peer.received);
  REQUIRE_FALSE(frames.empty());
  CHECK(frames.back().first == 0x88);
  CHECK(frames.back().payload == close_body(code));
  peer.close();
  REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 1; }));
  CHECK(loop.last<Closed>().why == why);
  CHECK(loop.hub.counters().connections == 0);
}

}  // namespace

TEST_CASE("[MQTT-6.0.0-2] what is said over WebSocket is what would be said without") {
  Loopback loop;
  auto peer = upgraded(loop);
  const ConnectionId id = loop.last<Opened>().connection;
  CHECK(loop.last<Opened>().origin->address == "192.0.2.1:5");
  CHECK(loop.ends.size() == 1);
  const std::string two = ping() + ping().substr(0, 1);
  peer->send(client_frame(kBinary, two.substr(0, 1)) + client_frame(kFin | kPing, "well?"));
  peer->send(client_frame(kFin | kContinuation, two.substr(1)));
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 1; }));
  peer->send(binary(ping().substr(1)));
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 2; }));
  REQUIRE(loop.run_until([&] { return peer->read() && peer->received.size() >= 7; }));
  CHECK(peer->received == std::string("\x8A\x05well?"));
  peer->received.clear();

  const std::string payload(3'000'000, 'p');
  loop.put_out(id, ping_answer());
  loop.deliver(id, QoS::at_least_once, "big", payload);
  for (int i = 0; i < 1'000; ++i) loop.deliver(id, QoS::at_least_once, "small", "text");
  std::string expected =
      mqtt_bytes(mqtt::Ping{mqtt::PacketType::pingresp}) + publish_bytes("big", payload);
  for (int i = 0; i < 1'000; ++i) expected += publish_bytes("small", "text");
  std::string heard;
  REQUIRE(loop.run_until([&] {
    const bool open = peer->read();
    heard += payloads_of(take_server_frames(peer->received));
    return open && heard.size() >= expected.size();
  }));
  CHECK(heard == expected);
  peer->close();
  REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 1; }));
  CHECK(loop.hub.counters().connections == 0);
  CHECK(loop.hub.counters().upgrades_done == 1);
  CHECK(loop.ends.empty());
}

TEST_CASE("the packets of a turn leave in one frame") {
  Loopback loop;
  auto peer = upgraded(loop);
  for (int i = 0; i < 10; ++i) loop.put_out(loop.last<Opened>().connection, ping_answer());
  REQUIRE(loop.run_until([&] { return peer->read() && peer->received.size() >= 22; }));
  CHECK(take_server_frames(peer->received).size() == 1);
}

TEST_CASE("an upgrade may come byte by byte, with the first frames behind it") {
  Loopback loop;
  auto peer = call(loop);
  const std::string request = upgrade_request();
  for (std::size_t i = 0; i + 1 < request.size(); ++i) {
    peer->send(request.substr(i, 1));
    const std::uint64_t bytes = i + 1;
    REQUIRE(loop.run_until([&] { return loop.hub.counters().bytes_received == bytes; }));
  }
  CHECK(loop.events.empty());
  peer->send(request.substr(request.size() - 1) + binary(ping()));
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 1; }));
  CHECK(std::holds_alternative<Opened>(loop.events.front()));
}

TEST_CASE("the core hears nothing of an upgrade that is refused") {
  struct Row {
    std::string sent;
    const char* answer;
  };
  const Row rows[] = {
      {upgrade_request("/other"), "HTTP/1.1 404 "},
      {upgrade_request("/mqtt", ""), "HTTP/1.1 400 "},
      {std::string("\x10\x0c\x00\x04MQTT", 8), "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\nA: " + std::string(kUpgradeSizeMax, 'x'), "HTTP/1.1 431 "},
      {upgrade_request("/mqtt", std::string(100'000, 'x')), "HTTP/1.1 431 "},
      {upgrade_request("/mqtt", "Sec-WebSocket-Protocol: mqtt\r\nOrigin: http://b\r\n"),
       "HTTP/1.1 403 "},
  };
  for (const Row& row : rows) {
    CAPTURE(row.answer);
    Loopback loop;
    auto peer = call(loop, {"/mqtt", {"http://a"}});
    peer->send(row.sent);
    REQUIRE(loop.run_until([&] { return !peer->read(); }));
    CHECK(peer->received.starts_with(row.answer));
    peer->close();
    REQUIRE(loop.run_until([&] { return loop.hub.counters().connections == 0; }));
    CHECK(loop.events.empty());
    CHECK(loop.ends.empty());
    CHECK(loop.hub.counters().upgrades_refused == 1);
  }
}

TEST_CASE("an upgrade does not take for ever, nor does a client that hears that it was refused") {
  LimitsConfig limits;
  limits.connect_timeout_ms = 100;
  Loopback loop(limits);
  auto silent = call(loop);
  auto slow = call(loop);
  slow->send("GET /mqtt HTTP/1.1\r\n");
  auto gone = call(loop);
  gone->close();
  REQUIRE(loop.run_until([&] { return !slow->read(); }));
  CHECK(slow->received.starts_with("HTTP/1.1 408 "));
  // Neither closes by itself.
  REQUIRE(loop.run_until([&] { return loop.hub.counters().connections == 0; }));
  CHECK(loop.events.empty());
  CHECK(loop.hub.counters().upgrades_refused == 2);
}

TEST_CASE("[MQTT-6.0.0-1] what is no binary frame ends the connection, and why is told") {
  Loopback loop;
  auto peer = upgraded(loop);
  peer->send(binary(ping()) + client_frame(kFin | kText, "{}") + binary(ping()));
  expect_close(loop, *peer, kWebSocketUnsupportedData, "WebSocket: a text frame; MQTT is binary");
  CHECK(loop.count<Received>() == 1);
}

TEST_CASE("a frame without a mask, and one that is compressed, end the connection") {
  for (const std::string& frame :
       {client_frame(kFin | kBinary, ping(), false), client_frame(kFin | 0x40 | kBinary, ping())}) {
    Loopback loop;
    auto peer = upgraded(loop);
    peer->send(frame);
    REQUIRE(loop.run_until([&] { return !peer->read(); }));
    const std::vector<ServerFrame> frames = take_server_frames(peer->received);
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].payload == close_body(kWebSocketProtocolError));
    CHECK(loop.count<Received>() == 0);
  }
}

TEST_CASE("a client that closes is answered behind what was on its way") {
  Loopback loop;
  auto peer = upgraded(loop);
  loop.put_out(loop.last<Opened>().connection, ping_answer());
  peer->send(client_frame(kFin | kClose, close_body(1'001, "away")) + binary(ping()));
  expect_close(loop, *peer, 1'001, "closed by the client");
  CHECK(loop.count<Received>() == 0);
}

TEST_CASE("an end that the core asks for says so, behind the last packet") {
  Loopback loop;
  auto peer = upgraded(loop);
  loop.put_out(loop.last<Opened>().connection, ping_answer());
  loop.put_out(loop.last<Opened>().connection, Close{"enough"});
  expect_close(loop, *peer, kWebSocketNormal, "enough");
}

TEST_CASE("pings of a client that reads nothing fill no memory") {
  LimitsConfig limits;
  limits.outbox_bytes = 50'000;
  Loopback loop(limits);
  auto peer = upgraded(loop);
  const ConnectionId id = loop.last<Opened>().connection;
  // The socket takes no more.
  loop.deliver(id, QoS::at_least_once, "big", std::string(30'000'000, 'x'));
  CHECK(loop.hub.counters().bytes_sent < 30'000'000);
  std::string flood;
  for (int i = 0; i < 100; ++i) flood += client_frame(kFin | kPing, std::string(125, 'p'));
  const std::uint64_t before = loop.hub.counters().bytes_received;
  // Over its bound it is not read from at all: what it sends stays in the kernel.
  peer->send(flood);
  loop.put_out(id, ping_answer());
  auto other = call(loop);  // Whose word comes later, and is heard.
  other->send("GET");
  REQUIRE(loop.run_until([&] { return loop.hub.counters().bytes_received >= before + 3; }));
  CHECK(loop.hub.counters().bytes_received == before + 3);
  // Then all of it is read, and one pong is behind it.
  std::vector<ServerFrame> frames;
  REQUIRE(loop.run_until([&] {
    const bool open = peer->read();
    for (ServerFrame& frame : take_server_frames(peer->received))
      frames.push_back(std::move(frame));
    return open && !frames.empty() && frames.back().first == 0x8A;
  }));
  CHECK(loop.hub.counters().bytes_received == before + 3 + flood.size());
  std::size_t pongs = 0;
  for (const ServerFrame& frame : frames) pongs += frame.first == 0x8A ? 1 : 0;
  CHECK(pongs <= 2);
}

TEST_CASE("WebSocket over TLS is WebSocket, with the user of the certificate") {
  TempFolder folder;
  Authority authority{folder.path(), "authority"};
  const ReplicationConfig server = authority.issue("server");
  const ReplicationConfig alice = authority.issue("alice");
  ListenerConfig listener;
  listener.tls = ListenerTls{};
  listener.tls->cert = server.tls_cert;
  listener.tls->key = server.tls_key;
  listener.tls->ca = authority.file();
  listener.tls->client_certificate = ClientCertificate::required;
  const auto context = TlsContext::make(listener, std::make_shared<const TicketKeys>("a secret"));
  REQUIRE(context.has_value());

  Loopback loop;
  const auto [accepted, client] = make_connection();
  loop.hub.offer(accepted, std::make_unique<Origin>(),
                 {*context, std::make_shared<const ListenerWebSocket>()});
  TlsPeer peer(client, {authority.file(), alice.tls_cert, alice.tls_key, 0});
  REQUIRE(loop.run_until([&] { return peer.shake(); }));
  peer.send(upgrade_request() + binary(ping()));
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 1; }));
  CHECK(loop.last<Opened>().origin->certificate_user == "alice");
  const std::string payload(3'000'000, 'p');
  const ConnectionId id = loop.last<Opened>().connection;
  loop.deliver(id, QoS::at_least_once, "big", payload);
  loop.put_out(id, ping_answer());
  const std::string expected =
      publish_bytes("big", payload) + mqtt_bytes(mqtt::Ping{mqtt::PacketType::pingresp});
  REQUIRE(loop.run_until([&] { return peer.read() && peer.received.size() > expected.size(); }));
  REQUIRE(peer.received.starts_with(kAccepted));
  peer.received.erase(0, peer.received.find("\r\n\r\n") + 4);
  std::string heard = payloads_of(take_server_frames(peer.received));
  REQUIRE(loop.run_until([&] {
    const bool open = peer.read();
    heard += payloads_of(take_server_frames(peer.received));
    return open && heard.size() >= expected.size();
  }));
  CHECK(heard == expected);
  loop.put_out(id, Close{"enough"});
  REQUIRE(loop.run_until([&] { return !peer.read(); }));
  CHECK(take_server_frames(peer.received).back().payload == close_body(kWebSocketNormal));
  CHECK(peer.said_goodbye());
}

TEST_CASE("a client of wss that never asks for the upgrade is not served") {
  TempFolder folder;
  Authority authority{folder.path(), "authority"};
  const ReplicationConfig server = authority.issue("server");
  ListenerConfig listener;
  listener.tls = ListenerTls{};
  listener.tls->cert = server.tls_cert;
  listener.tls->key = server.tls_key;
  const auto context = TlsContext::make(listener, std::make_shared<const TicketKeys>("a secret"));
  REQUIRE(context.has_value());
  LimitsConfig limits;
  limits.connect_timeout_ms = 500;
  Loopback loop(limits);
  const auto [accepted, client] = make_connection();
  loop.hub.offer(accepted, std::make_unique<Origin>(),
                 {*context, std::make_shared<const ListenerWebSocket>()});
  TlsPeer peer(client, {authority.file(), {}, {}, 0});
  REQUIRE(loop.run_until([&] { return peer.shake(); }));
  REQUIRE(loop.run_until([&] { return !peer.read(); }));
  CHECK(peer.received.starts_with("HTTP/1.1 408 "));
  peer.close();
  REQUIRE(loop.run_until([&] { return loop.hub.counters().connections == 0; }));
  CHECK(loop.events.empty());
}

TEST_CASE("packets of a publisher that is too fast are taken before its close is") {
  LimitsConfig limits;
  limits.message_rate = 100;
  Loopback loop(limits);
  auto peer = upgraded(loop);
  std::string bytes;
  for (int i = 0; i < 110; ++i) bytes += publish_bytes("t", std::to_string(i));
  peer->send(binary(bytes) + client_frame(kFin | kClose, close_body(kWebSocketNormal)));
  expect_close(loop, *peer, kWebSocketNormal, "closed by the client");
  CHECK(loop.count<Received>() == 110);
}

}  // namespace tandemq
