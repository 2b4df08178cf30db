#include "mqtt/decode_packets.hpp"

#include <utility>

namespace tandemq::mqtt {
namespace {

PropertyPlace place_of(PacketType type) {
  switch (type) {
    case PacketType::puback:
      return PropertyPlace::puback;
    case PacketType::pubrec:
      return PropertyPlace::pubrec;
    case PacketType::pubrel:
      return PropertyPlace::pubrel;
    default:
      return PropertyPlace::pubcomp;
  }
}

Fault read_reason(PacketBody& body, ReasonCode& out) {
  const std::uint8_t byte = body.reader.u8();
  if (!body.reader.ok()) return malformed("the packet ends before its Reason Code");
  const auto reason = reason_from(byte, body.type);
  if (!reason) return protocol_error("the Reason Code is not one of this packet");
  out = *reason;
  return std::nullopt;
}

}  // namespace

Fault malformed(std::string_view why) {
  return DecodeError{ReasonCode::malformed_packet, std::string(why), std::nullopt};
}

Fault protocol_error(std::string_view why) {
  return DecodeError{ReasonCode::protocol_error, std::string(why), std::nullopt};
}

Fault read_properties(PacketBody& body, PropertyPlace place, Properties& out) {
  if (body.version != Version::v5) return std::nullopt;
  auto error = read_properties(body.reader, place, out);
  if (!error) return std::nullopt;
  return DecodeError{error->reason, std::move(error->why), std::nullopt};
}

Fault read_text(PacketBody& body, std::string_view name, std::string& out) {
  const ByteView text = body.reader.u16_bytes();
  if (!body.reader.ok()) return malformed(std::string(name) + " is cut off");
  if (!is_mqtt_utf8(text)) return malformed(std::string(name) + " is not UTF-8");
  out = text;
  return std::nullopt;
}

Fault read_packet_id(PacketBody& body, std::uint16_t& out) {
  out = body.reader.u16();
  if (!body.reader.ok()) return malformed("the packet ends before its Packet Identifier");
  if (out == 0) return protocol_error("the Packet Identifier is zero");
  return std::nullopt;
}

// Two searches for one byte each are vectorised, one search for either byte is not.
bool has_wildcard_character(std::string_view topic) {
  return topic.find('+') != std::string_view::npos || topic.find('#') != std::string_view::npos;
}

Fault read_packet(PacketBody& body, Publish& out) {
  const unsigned qos = (body.flags >> 1U) & 0x03U;
  out.dup = (body.flags & 0x08U) != 0;
  out.retain = (body.flags & 0x01U) != 0;
  out.qos = static_cast<QoS>(qos);
  if (qos == 3) return malformed("a PUBLISH has QoS 3");                          // [MQTT-3.3.1-4]
  if (out.dup && qos == 0) return malformed("a PUBLISH of QoS 0 is marked DUP");  // [MQTT-3.3.1-2]

  const ByteView topic = body.reader.u16_bytes();
  if (!body.reader.ok()) return malformed("the topic is cut off");
  if (!is_plain_topic(topic)) {
    if (!is_mqtt_utf8(topic)) return malformed("the topic is not UTF-8");  // [MQTT-3.3.2-1]
    if (has_wildcard_character(topic)) {                                   // [MQTT-3.3.2-2]
      return malformed("the topic of a PUBLISH has a wildcard");
    }
  }
  out.topic = std::string(topic);
  if (qos > 0) {
    if (auto fault = read_packet_id(body, out.packet_id)) return fault;
  }
  if (body.version == Version::v5) {
    if (auto fault = read_properties(body, PropertyPlace::publish, out.properties)) return fault;
  }
  if (topic.empty()) {
    if (body.version != Version::v5) return malformed("the topic is empty");  // [MQTT-4.7.3-1]
    if (!out.properties.number(PropertyId::topic_alias)) {                    // 3.3.2.1
      return protocol_error("the topic is empty and no Topic Alias stands for it");
    }
  }
  out.payload = std::string(body.reader.remaining());
  return std::nullopt;
}

Fault read_packet(PacketBody& body, Ack& out) {
  out.type = body.type;
  if (auto fault = read_packet_id(body, out.packet_id)) return fault;
  // Reason and properties may be left out at the end of the packet (3.4.2.1, 3.4.2.2.1).
  if (body.version != Version::v5 || body.reader.size() == 0) return std::nullopt;
  if (auto fault = read_reason(body, out.reason)) return fault;
  if (body.reader.size() == 0) return std::nullopt;
  return read_properties(body, place_of(body.type), out.properties);
}

Fault read_packet(PacketBody& body, Ping& out) {
  out.type = body.type;
  return std::nullopt;
}

Fault read_packet(PacketBody& body, Disconnect& out) {
  // The reason may be left out, and so may the properties (3.14.2.1, 3.14.2.2.1).
  if (body.version != Version::v5 || body.reader.size() == 0) return std::nullopt;
  if (auto fault = read_reason(body, out.reason)) return fault;
  if (body.reader.size() == 0) return std::nullopt;
  return read_properties(body, PropertyPlace::disconnect, out.properties);
}

Fault read_packet(PacketBody& body, Auth& out) {
  if (body.reader.size() == 0) return std::nullopt;  // Success without properties (3.15.2.1).
  if (auto fault = read_reason(body, out.reason)) return fault;
  if (auto fault = read_properties(body, PropertyPlace::auth, out.properties)) return fault;
  if (out.properties.text(PropertyId::authentication_method) == nullptr) {  // 3.15.2.2.2
    return protocol_error("an AUTH names no Authentication Method");
  }
  return std::nullopt;
}

}  // namespace tandemq::mqtt
