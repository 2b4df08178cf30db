#include "tests/broker/packets.hpp"

#include <memory>

namespace tandemq {
namespace {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::ReasonCode;

std::string hex(ReasonCode reason) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned>(reason);
  return {'0', 'x', kDigits[byte >> 4U], kDigits[byte & 0x0FU]};
}

std::string behind(std::string_view head, ReasonCode reason) {
  std::string text(head);
  if (reason != ReasonCode::success) text += " " + hex(reason);
  return text;
}

struct Describe {
  std::string operator()(const mqtt::Publish& packet) const {
    std::string text = packet.topic + " " + packet.payload;
    if (packet.qos != mqtt::QoS::at_most_once)
      text += " q" + std::to_string(static_cast<int>(packet.qos)) + " #" +
              std::to_string(packet.packet_id);
    if (packet.dup) text += " dup";
    if (packet.retain) text += " retain";
    if (const auto expiry_s = packet.properties.number(PropertyId::message_expiry_interval))
      text += " expiry=" + std::to_string(*expiry_s);
    std::string ids;
    for (const mqtt::Property& property : packet.properties.list())
      if (property.id == PropertyId::subscription_identifier)
        ids += (ids.empty() ? "" : ",") + std::to_string(property.number);
    return ids.empty() ? text : text + " ids=" + ids;
  }
  std::string operator()(const mqtt::Ack& packet) const {
    return behind(std::string(name(packet.type)) + " #" + std::to_string(packet.packet_id),
                  packet.reason);
  }
  std::string operator()(const mqtt::SubscriptionAck& packet) const {
    std::string text = std::string(name(packet.type)) + " #" + std::to_string(packet.packet_id);
    for (const ReasonCode reason : packet.reasons) text += " " + hex(reason);
    return text;
  }
  std::string operator()(const mqtt::Connack& packet) const {
    return behind(packet.session_present ? "CONNACK present" : "CONNACK", packet.reason);
  }
  std::string operator()(const mqtt::Disconnect& packet) const {
    return behind("DISCONNECT", packet.reason);
  }
  std::string operator()(const mqtt::Auth& packet) const { return behind("AUTH", packet.reason); }
  std::string operator()(const mqtt::Ping& packet) const { return std::string(name(packet.type)); }
  std::string operator()(const mqtt::Connect&) const { return "CONNECT"; }
  std::string operator()(const mqtt::Subscribe&) const { return "SUBSCRIBE"; }
  std::string operator()(const mqtt::Unsubscribe&) const { return "UNSUBSCRIBE"; }
};

}  // namespace

mqtt::Connect v5(std::string_view client_id, std::uint32_t expiry_s, bool clean_start) {
  mqtt::Connect packet;
  packet.version = mqtt::Version::v5;
  packet.clean_start = clean_start;
  packet.client_id = client_id;
  if (expiry_s > 0) packet.properties.add(PropertyId::session_expiry_interval, expiry_s);
  return packet;
}

mqtt::Connect v311(std::string_view client_id, bool clean_session) {
  mqtt::Connect packet;
  packet.clean_start = clean_session;
  packet.client_id = client_id;
  return packet;
}

mqtt::Will will(std::string_view topic, std::string_view payload, std::uint32_t delay_s) {
  mqtt::Will will;
  will.topic = topic;
  will.payload = payload;
  if (delay_s > 0) will.properties.add(PropertyId::will_delay_interval, delay_s);
  return will;
}

mqtt::Connect with_will(mqtt::Connect connect, mqtt::Will will) {
  connect.will = std::make_unique<mqtt::Will>(std::move(will));
  return connect;
}

mqtt::Publish message(std::string_view topic, std::string_view payload, int qos,
                      std::uint16_t packet_id) {
  mqtt::Publish packet;
  packet.qos = static_cast<mqtt::QoS>(qos);
  packet.packet_id = packet_id;
  packet.topic = topic;
  packet.payload = payload;
  return packet;
}

mqtt::Publish retained(std::string_view topic, std::string_view payload, int qos,
                       std::uint16_t packet_id) {
  mqtt::Publish packet = message(topic, payload, qos, packet_id);
  packet.retain = true;
  return packet;
}

mqtt::SubscribeEntry entry(std::string_view filter, int qos) {
  mqtt::SubscribeEntry entry;
  entry.filter = filter;
  entry.qos = static_cast<mqtt::QoS>(qos);
  return entry;
}

mqtt::Ack ack(PacketType type, std::uint16_t packet_id, ReasonCode reason) {
  return {type, packet_id, reason, {}};
}

std::string describe(const mqtt::Packet& packet) {
  return std::visit(Describe{}, packet);
}

}  // namespace tandemq
