#include "mqtt/encode.hpp"

#include <utility>

namespace tandemq::mqtt {
namespace {

struct Encoder {
  Writer writer;
  Version version;

  [[nodiscard]] bool v5() const { return version == Version::v5; }
};

constexpr std::uint8_t byte(ReasonCode reason) {
  return static_cast<std::uint8_t>(reason);
}

void write_properties(Encoder& to, const Properties& properties) {
  if (to.v5()) mqtt::write_properties(to.writer, properties);
}

void write_body(Encoder& to, const Connect& packet) {
  const Will* will = packet.will.get();
  unsigned flags = packet.clean_start ? 0x02U : 0U;
  if (will != nullptr) {
    flags |= 0x04U | (static_cast<unsigned>(will->qos) << 3U) | (will->retain ? 0x20U : 0U);
  }
  if (packet.password) flags |= 0x40U;
  if (packet.user_name) flags |= 0x80U;

  to.writer.u16_bytes(packet.version == Version::v31 ? "MQIsdp" : "MQTT");
  to.writer.u8(static_cast<std::uint8_t>(packet.version));
  to.writer.u8(static_cast<std::uint8_t>(flags));
  to.writer.u16(packet.keep_alive_s);
  write_properties(to, packet.properties);
  to.writer.u16_bytes(packet.client_id);
  if (will != nullptr) {
    write_properties(to, will->properties);
    to.writer.u16_bytes(will->topic);
    to.writer.u16_bytes(will->payload);
  }
  if (packet.user_name) to.writer.u16_bytes(*packet.user_name);
  if (packet.password) to.writer.u16_bytes(*packet.password);
}

void write_body(Encoder& to, const Connack& packet) {
  to.writer.u8(packet.session_present && to.version != Version::v31 ? 1 : 0);
  to.writer.u8(to.v5() ? byte(packet.reason) : connack_code_311(packet.reason).value_or(0));
  write_properties(to, packet.properties);
}

void write_body(Encoder& to, const Publish& packet) {
  to.writer.u16_bytes(packet.topic);
  if (packet.qos != QoS::at_most_once) to.writer.u16(packet.packet_id);
  write_properties(to, packet.properties);
  to.writer.bytes(packet.payload);
}

// Reason and properties at the end of a packet, left out as far as they say nothing.
void write_reason(Encoder& to, ReasonCode reason, const Properties& properties) {
  if (!to.v5() || (reason == ReasonCode::success && properties.empty())) return;
  to.writer.u8(byte(reason));
  if (!properties.empty()) write_properties(to, properties);
}

void write_body(Encoder& to, const Ack& packet) {
  to.writer.u16(packet.packet_id);
  write_reason(to, packet.reason, packet.properties);
}

void write_body(Encoder& to, const Subscribe& packet) {
  to.writer.u16(packet.packet_id);
  write_properties(to, packet.properties);
  for (const SubscribeEntry& entry : packet.entries) {
    unsigned options = static_cast<unsigned>(entry.qos);
    if (to.v5()) {
      options |= (entry.no_local ? 0x04U : 0U) | (entry.retain_as_published ? 0x08U : 0U) |
                 (static_cast<unsigned>(entry.retain_handling) << 4U);
    }
    to.writer.u16_bytes(entry.filter);
    to.writer.u8(static_cast<std::uint8_t>(options));
  }
}

void write_body(Encoder& to, const Unsubscribe& packet) {
  to.writer.u16(packet.packet_id);
  write_properties(to, packet.properties);
  for (const std::string& filter : packet.filters) to.writer.u16_bytes(filter);
}

void write_body(Encoder& to, const SubscriptionAck& packet) {
  to.writer.u16(packet.packet_id);
  write_properties(to, packet.properties);
  if (!to.v5() && packet.type == PacketType::unsuback) return;
  for (const ReasonCode reason : packet.reasons) {
    // 3.1.1 knows one failure only [MQTT311-3.9.3-2].
    to.writer.u8(is_error(reason) && !to.v5() ? 0x80 : byte(reason));
  }
}

void write_body(Encoder& /*to*/, const Ping& /*packet*/) {}

void write_body(Encoder& to, const Disconnect& packet) {
  write_reason(to, packet.reason, packet.properties);
}

void write_body(Encoder& to, const Auth& packet) {
  if (packet.reason == ReasonCode::success && packet.properties.empty()) return;
  to.writer.u8(byte(packet.reason));
  write_properties(to, packet.properties);
}

std::uint8_t first_byte(PacketType type, unsigned flags) {
  if (type == PacketType::pubrel || type == PacketType::subscribe ||
      type == PacketType::unsubscribe) {
    flags = 0x02;
  }
  return static_cast<std::uint8_t>((static_cast<unsigned>(type) << 4U) | flags);
}

std::uint8_t first_byte(const Packet& packet) {
  const auto* publish = std::get_if<Publish>(&packet);
  if (publish == nullptr) return first_byte(type_of(packet), 0);
  return first_byte(PacketType::publish, (publish->dup ? 0x08U : 0U) |
                                             (static_cast<unsigned>(publish->qos) << 1U) |
                                             (publish->retain ? 0x01U : 0U));
}

// Returns where the packet starts.
std::size_t begin_packet(std::uint8_t first, std::string& out) {
  Writer writer(out);
  writer.u8(first);
  writer.u8(0);  // Place of the Remaining Length, nearly always one byte.
  return out.size() - 2;
}

void end_packet(std::size_t start, std::string& out) {
  const auto size = static_cast<std::uint32_t>(out.size() - start - 2);
  if (variable_u32_size(size) == 1) {
    out[start + 1] = static_cast<char>(size);
    return;
  }
  std::string length;
  Writer(length).variable_u32(size);
  out.replace(start + 1, 1, length);
}

bool has_form_before_v5(const Packet& packet) {
  if (const auto* connack = std::get_if<Connack>(&packet)) {
    return connack_code_311(connack->reason).has_value();
  }
  if (const auto* disconnect = std::get_if<Disconnect>(&packet)) {
    return disconnect->reason == ReasonCode::success;
  }
  return !std::holds_alternative<Auth>(packet);
}

}  // namespace

void encode(const Packet& packet, Version version, std::string& out) {
  const auto* connect = std::get_if<Connect>(&packet);
  if (connect != nullptr) version = connect->version;
  if (version != Version::v5 && !has_form_before_v5(packet)) return;
  const std::size_t start = begin_packet(first_byte(packet), out);
  Encoder to{.writer = Writer(out), .version = version};
  std::visit([&to](const auto& value) { write_body(to, value); }, packet);
  end_packet(start, out);
}

void encode_ack(const Ack& packet, Version version, std::string& out) {
  const std::size_t start = begin_packet(first_byte(packet.type, 0), out);
  Encoder to{.writer = Writer(out), .version = version};
  write_body(to, packet);
  end_packet(start, out);
}

std::size_t encoded_size(const Packet& packet, Version version) {
  std::string out;
  encode(packet, version, out);
  return out.size();
}

}  // namespace tandemq::mqtt
