#include "mqtt/decode_packets.hpp"

#include <array>
#include <memory>
#include <utility>

namespace tandemq::mqtt {
namespace {

constexpr unsigned kUserName = 0x80;
constexpr unsigned kPassword = 0x40;
constexpr unsigned kWillRetain = 0x20;
constexpr unsigned kWill = 0x04;
constexpr unsigned kCleanStart = 0x02;
constexpr unsigned kReserved = 0x01;

constexpr unsigned will_qos(unsigned flags) {
  return (flags >> 3U) & 0x03U;
}

// The version in whose form the sender of an unknown level may understand a CONNACK. The high bit
// marks the bridges of Mosquitto, which try the plain level next.
Version nearest_version(unsigned level) {
  return (level & 0x7FU) >= 5 ? Version::v5 : Version::v311;
}

Fault unsupported(std::string_view why, std::optional<Version> version) {
  return DecodeError{ReasonCode::unsupported_protocol_version, std::string(why), version};
}

// Protocol name and level (3.1.2.1, 3.1.2.2).
Fault read_protocol(PacketBody& body, Version& out) {
  const ByteView name = body.reader.u16_bytes();
  const unsigned level = body.reader.u8();
  if (!body.reader.ok()) return malformed("the protocol name or level is cut off");
  if (name != "MQTT" && name != "MQIsdp") {  // [MQTT-3.1.2-1]: closed without an answer.
    return unsupported("the protocol name is not MQTT", std::nullopt);
  }
  const bool known = name == "MQIsdp" ? level == 3 : level == 4 || level == 5;
  if (!known) return unsupported("the protocol level is unknown", nearest_version(level));
  out = static_cast<Version>(level);
  return std::nullopt;
}

// 3.1 leaves unused bits of the flags to the sender; later versions do not.
Fault check_flags(Version version, unsigned flags) {
  if (will_qos(flags) == 3) return malformed("the will has QoS 3");  // [MQTT-3.1.2-12]
  if (version == Version::v31) return std::nullopt;
  if ((flags & kReserved) != 0) return malformed("the reserved connect flag is set");
  if ((flags & kWill) == 0 && (will_qos(flags) != 0 || (flags & kWillRetain) != 0)) {
    return malformed("there are will flags without a will");  // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
  }
  if (version == Version::v311 && (flags & kPassword) != 0 && (flags & kUserName) == 0) {
    return malformed("there is a password without a user name");  // [MQTT311-3.1.2-22]
  }
  return std::nullopt;
}

Fault read_will(PacketBody& body, unsigned flags, Will& out) {
  out.qos = static_cast<QoS>(will_qos(flags));
  out.retain = (flags & kWillRetain) != 0;
  if (auto fault = read_properties(body, PropertyPlace::will, out.properties)) return fault;
  if (auto fault = read_text(body, "the will topic", out.topic)) return fault;
  if (out.topic.empty()) return malformed("the will topic is empty");  // [MQTT-4.7.3-1]
  if (has_wildcard_character(out.topic)) {                             // [MQTT-4.7.0-1]
    return malformed("the will topic has a wildcard");
  }
  out.payload = body.reader.u16_bytes();
  if (!body.reader.ok()) return malformed("the will payload is cut off");
  return std::nullopt;
}

Fault read_credentials(PacketBody& body, unsigned flags, Connect& out) {
  // In 3.1 the Remaining Length takes precedence: the strings may be missing at the end.
  const bool may_miss = body.version == Version::v31;
  if ((flags & kUserName) != 0 && !(may_miss && body.reader.size() == 0)) {
    if (auto fault = read_text(body, "the user name", out.user_name.emplace())) return fault;
  }
  if ((flags & kPassword) != 0 && !(may_miss && body.reader.size() == 0)) {
    out.password = body.reader.u16_bytes();  // Binary data.
    if (!body.reader.ok()) return malformed("the password is cut off");
  }
  return std::nullopt;
}

Fault read_behind_level(PacketBody& body, Connect& out) {
  if (body.flags != 0 && body.version != Version::v31) {
    return malformed("the flags of the fixed header are reserved");  // [MQTT-2.1.3-1]
  }
  const unsigned flags = body.reader.u8();
  out.keep_alive_s = body.reader.u16();
  if (!body.reader.ok()) return malformed("the connect flags or the keep-alive are cut off");
  if (auto fault = check_flags(body.version, flags)) return fault;
  out.clean_start = (flags & kCleanStart) != 0;
  if (auto fault = read_properties(body, PropertyPlace::connect, out.properties)) return fault;
  if (auto fault = read_text(body, "the client identifier", out.client_id)) return fault;
  if ((flags & kWill) != 0) {
    out.will = std::make_unique<Will>();
    if (auto fault = read_will(body, flags, *out.will)) return fault;
  }
  return read_credentials(body, flags, out);
}

// Return codes of 3.1 and 3.1.1 (table 3.1 there).
constexpr std::array kReturnCodes = {
    ReasonCode::success,
    ReasonCode::unsupported_protocol_version,
    ReasonCode::client_identifier_not_valid,
    ReasonCode::server_unavailable,
    ReasonCode::bad_user_name_or_password,
    ReasonCode::not_authorized,
};

std::optional<ReasonCode> connack_reason(std::uint8_t byte, Version version) {
  if (version == Version::v5) return reason_from(byte, PacketType::connack);
  if (byte >= kReturnCodes.size()) return std::nullopt;
  return kReturnCodes.at(byte);
}

}  // namespace

Fault read_packet(PacketBody& body, Connect& out) {
  if (auto fault = read_protocol(body, out.version)) return fault;
  body.version = out.version;
  Fault fault = read_behind_level(body, out);
  if (fault) fault->connect_version = out.version;
  return fault;
}

Fault read_packet(PacketBody& body, Connack& out) {
  const unsigned flags = body.reader.u8();
  const std::uint8_t byte = body.reader.u8();
  if (!body.reader.ok()) return malformed("a CONNACK ends before its Reason Code");
  if (body.version != Version::v31) {  // There the whole byte is unused.
    if ((flags & 0xFEU) != 0) return malformed("reserved connect acknowledge flags are set");
    out.session_present = (flags & 0x01U) != 0;  // [MQTT-3.2.2-1] checked above.
  }
  const auto reason = connack_reason(byte, body.version);
  if (!reason) return protocol_error("the Reason Code is not one of a CONNACK");
  out.reason = *reason;
  if (out.session_present && out.reason != ReasonCode::success) {  // [MQTT-3.2.2-6]
    return protocol_error("a CONNACK refuses and yet has a session present");
  }
  return read_properties(body, PropertyPlace::connack, out.properties);
}

}  // namespace tandemq::mqtt
