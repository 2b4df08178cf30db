#include "mqtt/reason.hpp"

#include <array>
#include <cstddef>

namespace tandemq::mqtt {
namespace {

constexpr unsigned bit(PacketType type) {
  return 1U << static_cast<unsigned>(type);
}

constexpr unsigned kInConnack = bit(PacketType::connack);
constexpr unsigned kInPuback = bit(PacketType::puback) | bit(PacketType::pubrec);  // Always as one.
constexpr unsigned kInPubrel = bit(PacketType::pubrel) | bit(PacketType::pubcomp);
constexpr unsigned kInSuback = bit(PacketType::suback);
constexpr unsigned kInUnsuback = bit(PacketType::unsuback);
constexpr unsigned kInDisconnect = bit(PacketType::disconnect);
constexpr unsigned kInAuth = bit(PacketType::auth);
constexpr unsigned kInAnswers = kInConnack | kInPuback | kInSuback | kInUnsuback | kInDisconnect;

constexpr std::uint8_t kNoCode = 0xFF;

struct ReasonRow {
  ReasonCode reason;
  std::string_view name;
  unsigned packets;       // Bits of the packets that may carry it.
  std::uint8_t code_311;  // CONNACK return code of 3.1 and 3.1.1, or kNoCode.
};

// Section 2.4, and the tables of the packets in chapter 3 where those differ in wording.
constexpr ReasonRow kReasonRows[] = {
    {ReasonCode::success, "Success",
     kInConnack | kInPuback | kInPubrel | kInSuback | kInUnsuback | kInDisconnect | kInAuth, 0},
    {ReasonCode::granted_qos1, "Granted QoS 1", kInSuback, kNoCode},
    {ReasonCode::granted_qos2, "Granted QoS 2", kInSuback, kNoCode},
    {ReasonCode::disconnect_with_will, "Disconnect with Will Message", kInDisconnect, kNoCode},
    {ReasonCode::no_matching_subscribers, "No matching subscribers", kInPuback, kNoCode},
    {ReasonCode::no_subscription_existed, "No subscription existed", kInUnsuback, kNoCode},
    {ReasonCode::continue_authentication, "Continue authentication", kInAuth, kNoCode},
    {ReasonCode::reauthenticate, "Re-authenticate", kInAuth, kNoCode},
    {ReasonCode::unspecified_error, "Unspecified error", kInAnswers, kNoCode},
    {ReasonCode::malformed_packet, "Malformed Packet", kInConnack | kInDisconnect, kNoCode},
    {ReasonCode::protocol_error, "Protocol Error", kInConnack | kInDisconnect, kNoCode},
    {ReasonCode::implementation_specific_error, "Implementation specific error", kInAnswers,
     kNoCode},
    {ReasonCode::unsupported_protocol_version, "Unsupported Protocol Version", kInConnack, 1},
    {ReasonCode::client_identifier_not_valid, "Client Identifier not valid", kInConnack, 2},
    {ReasonCode::bad_user_name_or_password, "Bad User Name or Password", kInConnack, 4},
    {ReasonCode::not_authorized, "Not authorized", kInAnswers, 5},
    {ReasonCode::server_unavailable, "Server unavailable", kInConnack, 3},
    {ReasonCode::server_busy, "Server busy", kInConnack | kInDisconnect, 3},
    {ReasonCode::banned, "Banned", kInConnack, 5},
    {ReasonCode::server_shutting_down, "Server shutting down", kInDisconnect, 3},
    {ReasonCode::bad_authentication_method, "Bad authentication method", kInConnack | kInDisconnect,
     4},
    {ReasonCode::keep_alive_timeout, "Keep Alive timeout", kInDisconnect, kNoCode},
    {ReasonCode::session_taken_over, "Session taken over", kInDisconnect, kNoCode},
    {ReasonCode::topic_filter_invalid, "Topic Filter invalid",
     kInSuback | kInUnsuback | kInDisconnect, kNoCode},
    {ReasonCode::topic_name_invalid, "Topic Name invalid", kInConnack | kInPuback | kInDisconnect,
     5},
    {ReasonCode::packet_identifier_in_use, "Packet Identifier in use",
     kInPuback | kInSuback | kInUnsuback, kNoCode},
    {ReasonCode::packet_identifier_not_found, "Packet Identifier not found", kInPubrel, kNoCode},
    {ReasonCode::receive_maximum_exceeded, "Receive Maximum exceeded", kInDisconnect, kNoCode},
    {ReasonCode::topic_alias_invalid, "Topic Alias invalid", kInDisconnect, kNoCode},
    {ReasonCode::packet_too_large, "Packet too large", kInConnack | kInDisconnect, kNoCode},
    {ReasonCode::message_rate_too_high, "Message rate too high", kInDisconnect, kNoCode},
    {ReasonCode::quota_exceeded, "Quota exceeded",
     kInConnack | kInPuback | kInSuback | kInDisconnect, 3},
    {ReasonCode::administrative_action, "Administrative action", kInDisconnect, kNoCode},
    {ReasonCode::payload_format_invalid, "Payload format invalid",
     kInConnack | kInPuback | kInDisconnect, kNoCode},
    {ReasonCode::retain_not_supported, "Retain not supported", kInConnack | kInDisconnect, kNoCode},
    {ReasonCode::qos_not_supported, "QoS not supported", kInConnack | kInDisconnect, kNoCode},
    {ReasonCode::use_another_server, "Use another server", kInConnack | kInDisconnect, 3},
    {ReasonCode::server_moved, "Server moved", kInConnack | kInDisconnect, 3},
    {ReasonCode::shared_subscriptions_not_supported, "Shared Subscriptions not supported",
     kInSuback | kInDisconnect, kNoCode},
    {ReasonCode::connection_rate_exceeded, "Connection rate exceeded", kInConnack | kInDisconnect,
     3},
    {ReasonCode::maximum_connect_time, "Maximum connect time", kInDisconnect, kNoCode},
    {ReasonCode::subscription_identifiers_not_supported, "Subscription Identifiers not supported",
     kInSuback | kInDisconnect, kNoCode},
    {ReasonCode::wildcard_subscriptions_not_supported, "Wildcard Subscriptions not supported",
     kInSuback | kInDisconnect, kNoCode},
};

// Row of each byte value, plus one; zero where there is none.
constexpr std::array<std::uint8_t, 256> kReasonRowOf = [] {
  std::array<std::uint8_t, 256> rows{};
  std::uint8_t next = 1;
  for (const ReasonRow& row : kReasonRows) rows.at(static_cast<std::size_t>(row.reason)) = next++;
  return rows;
}();

const ReasonRow* row_of(ReasonCode reason) {
  const std::uint8_t row = kReasonRowOf.at(static_cast<std::size_t>(reason));
  return row == 0 ? nullptr : &kReasonRows[row - 1];
}

constexpr std::array<std::string_view, 16> kPacketNames = {
    "Reserved", "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
    "PUBREL",   "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
    "PINGREQ",  "PINGRESP", "DISCONNECT", "AUTH",
};

}  // namespace

std::string_view name(ReasonCode reason) {
  const ReasonRow* row = row_of(reason);
  return row == nullptr ? "Reserved" : row->name;
}

std::string_view name(PacketType type) {
  return kPacketNames.at(static_cast<std::size_t>(type));
}

bool allowed_in(ReasonCode reason, PacketType type) {
  const ReasonRow* row = row_of(reason);
  return row != nullptr && (row->packets & bit(type)) != 0;
}

std::optional<ReasonCode> reason_from(std::uint8_t byte, PacketType type) {
  const auto reason = static_cast<ReasonCode>(byte);
  if (!allowed_in(reason, type)) return std::nullopt;
  return reason;
}

std::optional<std::uint8_t> connack_code_311(ReasonCode reason) {
  const ReasonRow* row = row_of(reason);
  if (row == nullptr || row->code_311 == kNoCode) return std::nullopt;
  return row->code_311;
}

}  // namespace tandemq::mqtt
