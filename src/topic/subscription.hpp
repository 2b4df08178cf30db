// A subscription as the index stores it: who, with which options. Plain values.
#pragma once

#include "base/ids.hpp"

#include <cstdint>
#include <optional>

namespace tandemq {

// What happens to retained messages when the subscription is made (MQTT 5, 3.8.3.1).
enum class RetainHandling : std::uint8_t { send = 0, send_if_new = 1, do_not_send = 2 };

// Encoded as the byte in SUBSCRIBE: bits 0-1 QoS, 2 No Local, 3 Retain As Published,
// 4-5 Retain Handling, 6-7 reserved and zero. MQTT 3 uses the QoS alone.
struct SubscriptionOptions {
  std::uint8_t qos = 0;
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::send;

  bool operator==(const SubscriptionOptions&) const = default;
};

std::uint8_t encode_options(const SubscriptionOptions& options);

// Nothing if the QoS or the Retain Handling is 3 or a reserved bit is set [MQTT-3.8.3-5].
std::optional<SubscriptionOptions> decode_options(std::uint8_t byte);

struct Subscription {
  SessionId session = SessionId::none;
  std::uint32_t identifier = 0;  // MQTT 5 Subscription Identifier; 0 means none.
  SubscriptionOptions options;

  bool operator==(const Subscription&) const = default;
};

}  // namespace tandemq
