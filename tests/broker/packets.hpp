// Packets that a test's clients send, in a word, and packets that they receive as one line of text,
// so that a test reads like a log: "a/b hello q1 #1 retain", "PUBACK #1 0x10", "DISCONNECT 0x8E".
#pragma once

#include "mqtt/packet.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tandemq {

// 5.0; with an expiry the session outlives its connection.
mqtt::Connect v5(std::string_view client_id, std::uint32_t expiry_s = 0, bool clean_start = false);
mqtt::Connect v311(std::string_view client_id, bool clean_session = true);
mqtt::Will will(std::string_view topic, std::string_view payload, std::uint32_t delay_s = 0);
mqtt::Connect with_will(mqtt::Connect connect, mqtt::Will will);
mqtt::Publish message(std::string_view topic, std::string_view payload, int qos = 0,
                      std::uint16_t packet_id = 0);
mqtt::Publish retained(std::string_view topic, std::string_view payload, int qos = 0,
                       std::uint16_t packet_id = 0);
mqtt::SubscribeEntry entry(std::string_view filter, int qos = 0);
mqtt::Ack ack(mqtt::PacketType type, std::uint16_t packet_id,
              mqtt::ReasonCode reason = mqtt::ReasonCode::success);

// The packet with one property more.
template <class Packet, class Value>
Packet with(Packet packet, mqtt::PropertyId id, Value value) {
  packet.properties.add(id, value);
  return packet;
}

// PUBLISH: topic, payload, then what is not usual: q1 #id dup retain expiry=s ids=n,n.
std::string describe(const mqtt::Packet& packet);

}  // namespace tandemq
