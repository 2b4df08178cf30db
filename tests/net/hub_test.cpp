#include "net/hub.hpp"

#include "mqtt/encode.hpp"
#include "mqtt/frame.hpp"
#include "tests/net/loopback.hpp"

#include <array>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using mqtt::QoS;
using tests::Loopback;

std::string encoded(mqtt::Packet packet, mqtt::Version version = mqtt::Version::v311) {
  std::string bytes;
  mqtt::encode(packet, version, bytes);
  return bytes;
}

std::string connect_v5() {
  mqtt::Connect packet;
  packet.version = mqtt::Version::v5;
  packet.client_id = "c";
  return encoded(std::move(packet), mqtt::Version::v5);
}

// How many whole packets of the type there are at the front of `bytes`.
std::size_t packets_in(ByteView bytes, mqtt::PacketType type) {
  std::size_t count = 0;
  for (;;) {
    const mqtt::Frame frame = mqtt::cut_frame(bytes, 1U << 28U);
    if (frame.status != mqtt::FrameStatus::complete) return count;
    const auto first = static_cast<std::uint8_t>(bytes.front());
    if ((first >> 4U) == static_cast<std::uint8_t>(type)) ++count;
    bytes.remove_prefix(frame.size);
  }
}

OtherPacket pingresp() {
  return std::make_unique<mqtt::Packet>(mqtt::Ping{mqtt::PacketType::pingresp});
}

}  // namespace

TEST_CASE("the two ends of a connection are told, and that they are no more") {
  Loopback loop;
  auto peer = loop.connect();
  auto other = loop.connect();
  REQUIRE(loop.ends.size() == 2);
  const FourTuple ends = loop.ends.begin()->second;
  CHECK_FALSE(ends.is_v6);
  CHECK(ends.ours.address == std::array<std::uint8_t, 16>{127, 0, 0, 1});
  CHECK(ends.theirs.address == ends.ours.address);
  CHECK(ends.theirs.port != ends.ours.port);
  CHECK_FALSE((ends == loop.ends.rbegin()->second));
  peer->close();
  other->close();
  REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 2; }));
  CHECK(loop.ends.empty());
}

TEST_CASE("packets of a client become events, and its end is the last one") {
  Loopback loop;
  auto peer = loop.connect();
  const ConnectionId id = loop.last<Opened>().connection;
  peer->send(encoded(mqtt::Ping{}) + encoded(mqtt::Ping{}).substr(0, 1));
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 1; }));
  peer->send(encoded(mqtt::Ping{}).substr(1));
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 2; }));
  peer->close();
  REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 1; }));
  CHECK(std::holds_alternative<Closed>(loop.events.back()));
  CHECK(loop.last<Closed>().connection == id);
  CHECK(loop.hub.counters().connections == 0);
}

TEST_CASE("what is put out for a connection that is gone reaches nobody") {
  Loopback loop;
  auto first = loop.connect();
  const ConnectionId gone = loop.last<Opened>().connection;
  first->close();
  REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 1; }));
  auto second = loop.connect();
  const ConnectionId alive = loop.last<Opened>().connection;
  REQUIRE(connection_slot(alive) == connection_slot(gone));
  loop.put_out(gone, pingresp());
  loop.put_out(alive, mqtt::Ack{mqtt::PacketType::puback, 5, {}, {}});
  REQUIRE(loop.run_until([&] { return second->read() && second->received.size() >= 4; }));
  CHECK(second->received == encoded(mqtt::Ack{mqtt::PacketType::puback, 5, {}, {}}));
}

TEST_CASE("a large payload arrives as it was, among small packets") {
  Loopback loop;
  auto peer = loop.connect();
  const ConnectionId id = loop.last<Opened>().connection;
  std::string payload(3'000'000, '\0');
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i * 7 / 3);
  loop.put_out(id, pingresp());
  loop.deliver(id, QoS::at_least_once, "big", payload);
  loop.put_out(id, pingresp());
  mqtt::Publish publish;
  publish.qos = QoS::at_least_once;
  publish.packet_id = 1;
  publish.topic = "big";
  publish.payload = payload;
  const std::string ping = encoded(mqtt::Ping{mqtt::PacketType::pingresp});
  const std::string expected = ping + encoded(std::move(publish)) + ping;
  REQUIRE(loop.run_until([&] { return peer->read() && peer->received.size() >= expected.size(); }));
  CHECK(peer->received == expected);
}

TEST_CASE("[MQTT-3.3.2-12] a topic alias stands for the topic after its first use") {
  Loopback loop;
  auto peer = loop.connect();
  peer->send(connect_v5());
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 1; }));
  const ConnectionId id = loop.last<Opened>().connection;
  loop.put_out(id, Accepted{mqtt::Version::v5, 1});
  const std::string topic = "a/topic/of/some/length";
  loop.deliver(id, QoS::at_most_once, topic, "1");
  loop.deliver(id, QoS::at_most_once, topic, "2");
  loop.deliver(id, QoS::at_most_once, "other", "3");
  REQUIRE(loop.run_until(
      [&] { return peer->read() && packets_in(peer->received, mqtt::PacketType::publish) == 3; }));
  CHECK(peer->received.find(topic) == peer->received.rfind(topic));
  CHECK(peer->received.find("other") != std::string::npos);
}

TEST_CASE("QoS 0 beyond the bound of an outbox is dropped and told, QoS 1 is not dropped") {
  LimitsConfig limits;
  limits.outbox_bytes = 100'000;
  Loopback loop(limits);
  auto peer = loop.connect();
  const ConnectionId id = loop.last<Opened>().connection;
  const std::string payload(7'000, 'x');
  std::size_t delivered = 0;
  REQUIRE(loop.run_until([&] {
    loop.deliver(id, QoS::at_most_once, "t", payload);
    ++delivered;
    return loop.count<OutboxDropped>() > 0;
  }));
  loop.deliver(id, QoS::at_least_once, "one", payload);
  CHECK(loop.last<OutboxDropped>().topic == "t");
  const auto dropped = [&] {
    std::size_t count = 0;
    for (const Event& event : loop.events) {
      if (const auto* drop = std::get_if<OutboxDropped>(&event)) count += drop->count;
    }
    return count;
  };
  REQUIRE(loop.run_until([&] {
    return peer->read() &&
           packets_in(peer->received, mqtt::PacketType::publish) == delivered - dropped() + 1;
  }));
  CHECK(loop.count<OutboxOverflowed>() == 0);
}

TEST_CASE("an outbox far beyond its bound is told once") {
  LimitsConfig limits;
  limits.outbox_bytes = 50'000;
  Loopback loop(limits);
  auto peer = loop.connect();
  const ConnectionId id = loop.last<Opened>().connection;
  REQUIRE(loop.run_until([&] {
    loop.deliver(id, QoS::at_least_once, "t", std::string(7'000, 'x'));
    return loop.count<OutboxOverflowed>() > 0;
  }));
  for (int i = 0; i < 100; ++i) loop.deliver(id, QoS::at_least_once, "t", std::string(7'000, 'x'));
  loop.put_out(id, Close{"too slow"});
  peer->close();
  REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 1; }));
  CHECK(loop.count<OutboxOverflowed>() == 1);
  CHECK(loop.last<Closed>().why == "too slow");
}

TEST_CASE("a client is not read while the broker forbids it") {
  Loopback loop;
  auto peer = loop.connect();
  const ConnectionId id = loop.last<Opened>().connection;
  loop.put_out(id, ReadFrom{false});
  peer->send(encoded(mqtt::Ping{}));
  auto other = loop.connect();
  other->send(encoded(mqtt::Ping{}));
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 1; }));
  CHECK(loop.last<Received>().connection != id);
  loop.put_out(id, ReadFrom{true});
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 2; }));
  CHECK(loop.last<Received>().connection == id);
}

TEST_CASE("nothing is read while the core has too many events to work through") {
  Loopback loop({}, false);
  auto peer = loop.connect();
  std::string pings;
  for (std::size_t i = 0; i < Hub::kEventsMax; ++i) pings += encoded(mqtt::Ping{});
  peer->send(pings);
  REQUIRE(loop.run_until([&] { return loop.events.size() >= Hub::kEventsMax; }));
  const std::size_t before = loop.events.size();
  peer->send(encoded(mqtt::Ping{}));
  auto other = loop.connect();  // Its Opened shows that the loop has turned meanwhile.
  CHECK(loop.events.size() <= before + 2);
  loop.hub.events_taken(loop.events.size());
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == Hub::kEventsMax + 1; }));
}

TEST_CASE("the last packet reaches a client that still sends when it is closed") {
  Loopback loop;
  auto peer = loop.connect();
  const ConnectionId id = loop.last<Opened>().connection;
  peer->send(std::string(2, '\0') + std::string(100'000, 'x'));
  REQUIRE(loop.run_until([&] { return loop.count<Malformed>() == 1; }));
  loop.put_out(id, std::make_unique<mqtt::Packet>(mqtt::Disconnect{}));
  loop.put_out(id, Close{"malformed"});
  loop.put_out(id, pingresp());  // Too late.
  REQUIRE(loop.run_until([&] { return !peer->read(); }));
  CHECK(peer->received == encoded(mqtt::Disconnect{}));
  CHECK(loop.count<Closed>() == 0);  // It waits for the peer.
  peer->close();
  REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 1; }));
  CHECK(loop.last<Closed>().why == "malformed");
  CHECK(loop.count<Received>() == 0);
}

TEST_CASE("whoever asks is told when everything is with the kernel") {
  Loopback loop;
  auto peer = loop.connect();
  const ConnectionId id = loop.last<Opened>().connection;
  loop.put_out(id, NotifyWhenSent{});
  REQUIRE(loop.run_until([&] { return loop.count<SentAll>() == 1; }));
  const std::string payload(20'000'000, 'x');
  loop.deliver(id, QoS::at_least_once, "t", payload);
  loop.put_out(id, NotifyWhenSent{});
  auto other = loop.connect();
  CHECK(loop.count<SentAll>() == 1);
  REQUIRE(loop.run_until([&] { return peer->read() && loop.count<SentAll>() == 2; }));
}

TEST_CASE("a DISCONNECT before the client's end is read though nothing can be sent to it") {
  Loopback loop;
  auto peer = loop.connect();
  const ConnectionId id = loop.last<Opened>().connection;
  loop.put_out(id, ReadFrom{false});
  loop.deliver(id, QoS::at_least_once, "t", std::string(20'000'000, 'x'));
  peer->send(encoded(mqtt::Disconnect{}));
  peer->close();  // With unread input: a reset.
  loop.put_out(id, ReadFrom{true});
  REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 1; }));
  CHECK(std::holds_alternative<Closed>(loop.events.back()));
}

}  // namespace tandemq
