#include "mqtt/decode_packets.hpp"

#include <utility>

namespace tandemq::mqtt {
namespace {

// A topic filter; whether its levels are well-formed is for the topic floor to say.
Fault read_filter(PacketBody& body, std::string& out) {
  if (auto fault = read_text(body, "a topic filter", out)) return fault;
  if (out.empty()) return malformed("a topic filter is empty");  // [MQTT-4.7.3-1]
  return std::nullopt;
}

// bits:  7 6       5 4              3                    2         1 0
//        reserved  retain handling  retain as published  no local  QoS      (3.8.3.1)
Fault read_options(PacketBody& body, SubscribeEntry& out) {
  const unsigned options = body.reader.u8();
  if (!body.reader.ok()) return malformed("a topic filter has no subscription options");
  const bool v5 = body.version == Version::v5;
  if ((options & (v5 ? 0xC0U : 0xFCU)) != 0) {  // [MQTT-3.8.3-5] [MQTT311-3.8.3-4]
    return malformed("reserved bits of the subscription options are set");
  }
  const unsigned qos = options & 0x03U;
  if (qos == 3) {  // [MQTT311-3.8.3-4]
    return v5 ? protocol_error("a subscription asks for QoS 3")
              : malformed("a subscription asks for QoS 3");
  }
  out.qos = static_cast<QoS>(qos);
  out.no_local = (options & 0x04U) != 0;
  out.retain_as_published = (options & 0x08U) != 0;
  out.retain_handling = static_cast<std::uint8_t>((options >> 4U) & 0x03U);
  if (out.retain_handling == 3) return protocol_error("Retain Handling is 3");
  if (out.no_local && out.filter.starts_with("$share/")) {  // [MQTT-3.8.3-4]
    return protocol_error("No Local is set on a shared subscription");
  }
  return std::nullopt;
}

}  // namespace

Fault read_packet(PacketBody& body, Subscribe& out) {
  if (auto fault = read_packet_id(body, out.packet_id)) return fault;
  if (auto fault = read_properties(body, PropertyPlace::subscribe, out.properties)) return fault;
  while (body.reader.size() > 0) {
    SubscribeEntry& entry = out.entries.emplace_back();
    if (auto fault = read_filter(body, entry.filter)) return fault;
    if (auto fault = read_options(body, entry)) return fault;
  }
  if (out.entries.empty()) return protocol_error("a SUBSCRIBE has no filter");  // [MQTT-3.8.3-2]
  return std::nullopt;
}

Fault read_packet(PacketBody& body, Unsubscribe& out) {
  if (auto fault = read_packet_id(body, out.packet_id)) return fault;
  if (auto fault = read_properties(body, PropertyPlace::unsubscribe, out.properties)) return fault;
  while (body.reader.size() > 0) {
    if (auto fault = read_filter(body, out.filters.emplace_back())) return fault;
  }
  if (out.filters.empty()) {  // [MQTT-3.10.3-2]
    return protocol_error("an UNSUBSCRIBE has no filter");
  }
  return std::nullopt;
}

Fault read_packet(PacketBody& body, SubscriptionAck& out) {
  out.type = body.type;
  if (auto fault = read_packet_id(body, out.packet_id)) return fault;
  const bool suback = body.type == PacketType::suback;
  const auto place = suback ? PropertyPlace::suback : PropertyPlace::unsuback;
  if (auto fault = read_properties(body, place, out.properties)) return fault;
  if (!suback && body.version != Version::v5) return std::nullopt;  // It has no payload there.
  for (const char byte : body.reader.remaining()) {
    const auto reason = reason_from(static_cast<std::uint8_t>(byte), body.type);
    const bool known_311 = reason <= ReasonCode::granted_qos2 ||
                           reason == ReasonCode::unspecified_error;  // [MQTT311-3.9.3-2]
    if (!reason || (body.version != Version::v5 && !known_311)) {
      return protocol_error("a Reason Code is not one of this packet");
    }
    out.reasons.push_back(*reason);
  }
  if (out.reasons.empty()) {  // [MQTT-3.9.3-1] [MQTT-3.11.3-1]
    return protocol_error("an acknowledgement of subscriptions has no Reason Code");
  }
  return std::nullopt;
}

}  // namespace tandemq::mqtt
