#include "net/inbox.hpp"

#include "mqtt/encode.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

constexpr ConnectionId kFrom = make_connection_id(0, 1, 0);
constexpr std::uint32_t kSizeMax = 10'000;

std::string connect(mqtt::Version version) {
  mqtt::Connect packet;
  packet.version = version;
  packet.client_id = "c";
  std::string bytes;
  mqtt::encode(mqtt::Packet(std::move(packet)), version, bytes);
  return bytes;
}

std::string publish(mqtt::Version version, const std::string& payload) {
  mqtt::Publish packet;
  packet.topic = "t";
  packet.payload = payload;
  std::string bytes;
  mqtt::encode(mqtt::Packet(std::move(packet)), version, bytes);
  return bytes;
}

std::string payload_of(const Event& event) {
  return std::get<mqtt::Publish>(std::get<Received>(event).packet).payload;
}

}  // namespace

TEST_CASE("packets are the same in whatever pieces their bytes come") {
  const std::string bytes = connect(mqtt::Version::v5) + publish(mqtt::Version::v5, "one") +
                            publish(mqtt::Version::v5, std::string(300, 'x'));
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    Inbox inbox;
    std::vector<Event> events;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      inbox.take(ByteView(bytes).substr(at, piece), kFrom, kSizeMax, events);
    }
    REQUIRE(events.size() == 3);
    CHECK(std::holds_alternative<mqtt::Connect>(std::get<Received>(events[0]).packet));
    CHECK(payload_of(events[1]) == "one");
    CHECK(payload_of(events[2]) == std::string(300, 'x'));
    CHECK(inbox.kept_bytes() == 0);
    CHECK(inbox.version() == mqtt::Version::v5);
  }
}

TEST_CASE("only the packet that has come in part is kept") {
  const std::string whole = publish(mqtt::Version::v311, "whole");
  const std::string part = publish(mqtt::Version::v311, "part").substr(0, 5);
  Inbox inbox;
  std::vector<Event> events;
  inbox.take(whole + part, kFrom, kSizeMax, events);
  CHECK(events.size() == 1);
  CHECK(inbox.kept_bytes() == part.size());
}

TEST_CASE("memory for a large packet is given back when it is whole") {
  const std::string large = publish(mqtt::Version::v311, std::string(9'000, 'x'));
  const std::string part = publish(mqtt::Version::v311, "part").substr(0, 5);
  for (const std::string& rest : {std::string(), part}) {
    Inbox inbox;
    std::vector<Event> events;
    inbox.take(large.substr(0, 8'000), kFrom, kSizeMax, events);
    CHECK(inbox.reserved_bytes() >= 8'000);
    inbox.take(large.substr(8'000) + rest, kFrom, kSizeMax, events);
    CHECK(events.size() == 1);
    CHECK(inbox.reserved_bytes() < 100);
  }
}

TEST_CASE("nothing is taken after bytes that are no packet") {
  Inbox inbox;
  std::vector<Event> events;
  inbox.take(std::string(2, '\0') + publish(mqtt::Version::v311, "lost"), kFrom, kSizeMax, events);
  inbox.take(publish(mqtt::Version::v311, "lost"), kFrom, kSizeMax, events);
  REQUIRE(events.size() == 1);
  CHECK(std::get<Malformed>(events[0]).error.reason == mqtt::ReasonCode::malformed_packet);
  CHECK(inbox.broken());
}

TEST_CASE("a packet that is too large is refused before its bytes have come") {
  Inbox inbox;
  std::vector<Event> events;
  const std::string head = publish(mqtt::Version::v311, std::string(kSizeMax, 'x')).substr(0, 8);
  inbox.take(head, kFrom, kSizeMax, events);
  REQUIRE(events.size() == 1);
  CHECK(std::get<Malformed>(events[0]).error.reason == mqtt::ReasonCode::packet_too_large);
  CHECK(inbox.kept_bytes() == 0);
}

}  // namespace tandemq
