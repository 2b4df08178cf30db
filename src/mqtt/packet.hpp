// The packets of MQTT 3.1, 3.1.1 and 5.0 as plain values. One set of structs serves all three
// versions: what a version does not have stays empty. They own their bytes, never a buffer.
#pragma once

#include "mqtt/property.hpp"
#include "mqtt/reason.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tandemq::mqtt {

enum class Version : std::uint8_t { v31 = 3, v311 = 4, v5 = 5 };

enum class QoS : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

struct Will {
  QoS qos = QoS::at_most_once;
  bool retain = false;
  std::string topic;
  std::string payload;
  Properties properties;

  bool operator==(const Will&) const = default;
};

struct Connect {
  Version version = Version::v311;
  bool clean_start = true;  // Clean Session of 3.1 and 3.1.1.
  std::uint16_t keep_alive_s = 0;
  std::string client_id;
  std::unique_ptr<Will> will;  // Null if none.
  std::optional<std::string> user_name;
  std::optional<std::string> password;
  Properties properties;

  bool operator==(const Connect& other) const;  // Compares what `will` points to.
};

struct Connack {
  bool session_present = false;
  ReasonCode reason = ReasonCode::success;
  Properties properties;

  bool operator==(const Connack&) const = default;
};

struct Publish {
  bool dup = false;
  QoS qos = QoS::at_most_once;
  bool retain = false;
  std::uint16_t packet_id = 0;  // Zero for QoS 0.
  std::string topic;            // Empty when an alias stands for it.
  std::string payload;
  Properties properties;

  bool operator==(const Publish&) const = default;
};

// PUBACK, PUBREC, PUBREL and PUBCOMP.
struct Ack {
  PacketType type = PacketType::puback;
  std::uint16_t packet_id = 0;
  ReasonCode reason = ReasonCode::success;
  Properties properties;

  bool operator==(const Ack&) const = default;
};

struct SubscribeEntry {
  std::string filter;
  QoS qos = QoS::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  std::uint8_t retain_handling = 0;  // 0 to 2.

  bool operator==(const SubscribeEntry&) const = default;
};

struct Subscribe {
  std::uint16_t packet_id = 0;
  Properties properties;
  std::vector<SubscribeEntry> entries;

  bool operator==(const Subscribe&) const = default;
};

struct Unsubscribe {
  std::uint16_t packet_id = 0;
  Properties properties;
  std::vector<std::string> filters;

  bool operator==(const Unsubscribe&) const = default;
};

// SUBACK and UNSUBACK; 3.1.1 has no reasons in UNSUBACK.
struct SubscriptionAck {
  PacketType type = PacketType::suback;
  std::uint16_t packet_id = 0;
  Properties properties;
  std::vector<ReasonCode> reasons;

  bool operator==(const SubscriptionAck&) const = default;
};

struct Ping {
  PacketType type = PacketType::pingreq;  // Or pingresp.

  bool operator==(const Ping&) const = default;
};

struct Disconnect {
  ReasonCode reason = ReasonCode::success;
  Properties properties;

  bool operator==(const Disconnect&) const = default;
};

struct Auth {
  ReasonCode reason = ReasonCode::success;
  Properties properties;

  bool operator==(const Auth&) const = default;
};

using Packet = std::variant<Connect, Connack, Publish, Ack, Subscribe, Unsubscribe, SubscriptionAck,
                            Ping, Disconnect, Auth>;

PacketType type_of(const Packet& packet);

}  // namespace tandemq::mqtt
