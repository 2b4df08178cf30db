// Packets to bytes. encode() serves every packet both ways; the hot cases are a forwarded message,
// which encode_publish() writes straight from its parts without a Publish in between, and its
// acknowledgement.
#pragma once

#include "mqtt/packet.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tandemq::mqtt {

// Appends. What `version` does not have (properties, reason codes) is left out; a CONNACK reason is
// translated for 3.1 and 3.1.1. What has no form there appends nothing: an AUTH, a CONNACK whose
// reason has no return code, and a DISCONNECT with a reason other than success (only a client
// sends one there, and only to leave without its will).
void encode(const Packet& packet, Version version, std::string& out);

void encode_ack(const Ack& packet, Version version, std::string& out);

// All that makes up a forwarded PUBLISH. The views live as long as the call.
struct PublishParts {
  std::string_view topic;  // Empty when the alias is known to the receiver.
  std::string_view payload;
  std::string_view forwarded;  // forwarded_properties(); ignored before 5.0.
  QoS qos = QoS::at_most_once;
  bool retain = false;
  bool dup = false;
  std::uint16_t packet_id = 0;
  std::uint16_t topic_alias = 0;  // Zero: none.
  std::optional<std::uint32_t> expiry_s;
  std::span<const std::uint32_t> subscription_ids;
};

void encode_publish(const PublishParts& parts, Version version, std::string& out);
// The same without the payload itself: the caller sends that from where it lies.
void encode_publish_head(const PublishParts& parts, Version version, std::string& out);
std::size_t publish_size(const PublishParts& parts, Version version);  // Whole packet, bytes.
std::size_t encoded_size(const Packet& packet, Version version);

}  // namespace tandemq::mqtt
