#include "net/publish_gate.hpp"

#include "mqtt/encode.hpp"
#include "net/inbox.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

LimitsConfig gate_limits(std::uint32_t messages, std::uint64_t bytes) {
  LimitsConfig limits;
  limits.message_rate = messages;
  limits.byte_rate = bytes;
  return limits;
}

std::string publish_bytes(char payload) {
  mqtt::Publish packet;
  packet.topic = "t";
  packet.payload = payload;
  std::string bytes;
  mqtt::encode(mqtt::Packet(std::move(packet)), mqtt::Version::v311, bytes);
  return bytes;
}

std::string payloads_of(std::vector<Event>& events) {
  std::string all;
  for (const Event& event : events) {
    const auto& packet = std::get<Received>(event).packet;
    const auto* publish = std::get_if<mqtt::Publish>(&packet);
    all += publish == nullptr ? "-" : std::string(publish->payload);
  }
  events.clear();
  return all;
}

}  // namespace

TEST_CASE("a gate is needed where one of the rates is") {
  CHECK_FALSE(PublishGate::is_needed({}));
  CHECK(PublishGate::is_needed(gate_limits(1, 0)));
  CHECK(PublishGate::is_needed(gate_limits(0, 1)));
}

TEST_CASE("a gate lets a second's worth of messages pass, then one after the other") {
  PublishGate gate(gate_limits(2, 0));
  gate.open({0});
  CHECK(gate.pass(1'000'000));
  CHECK(gate.pass(1'000'000));
  CHECK_FALSE(gate.is_shut());
  CHECK_FALSE(gate.pass(1));
  CHECK(gate.is_shut());
  CHECK_FALSE(gate.lacks_bytes());
  CHECK(gate.opens_at() == Instant{500});
  gate.open({500});
  CHECK_FALSE(gate.is_shut());
  CHECK(gate.pass(1));
  CHECK_FALSE(gate.pass(1));
}

TEST_CASE("a packet that is larger than the rate passes, and what follows waits longer") {
  PublishGate gate(gate_limits(0, 100));
  gate.open({0});
  CHECK(gate.pass(500));
  CHECK_FALSE(gate.pass(1));
  CHECK(gate.lacks_bytes());
  CHECK(gate.opens_at() == Instant{4'010});
}

TEST_CASE("what the gate does not let pass stays in the inbox, in its order") {
  PublishGate gate(gate_limits(2, 0));
  Inbox inbox;
  std::vector<Event> events;
  const std::string ping = {'\xC0', '\0'};
  const std::string sent = publish_bytes('a') + ping + publish_bytes('b') + ping +
                           publish_bytes('c') + ping + publish_bytes('d');
  gate.open({0});
  inbox.take(sent, ConnectionId{}, 1'000, events, &gate);
  CHECK(payloads_of(events) == "a-b-");
  CHECK(gate.is_shut());
  gate.open({500});
  inbox.take({}, ConnectionId{}, 1'000, events, &gate);
  CHECK(payloads_of(events) == "c-");
  gate.open({1'000});
  inbox.take({}, ConnectionId{}, 1'000, events, &gate);
  CHECK(payloads_of(events) == "d");
  CHECK_FALSE(gate.is_shut());
  CHECK(inbox.kept_bytes() == 0);
}

}  // namespace tandemq
