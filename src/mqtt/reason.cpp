#include "mqtt/reason.hpp"

#include <array>
#include <cstddef>

namespace tandemq::mqtt {
namespace {

constexpr unsigned bit(PacketType type) {
  return 1U << static_cast<unsigned>(type);
}

constexpr unsigned kConnack = bit(PacketType::connack);
constexpr unsigned kPuback = bit(PacketType::puback) | bit(PacketType::pubrec);  // Always as one.
constexpr unsigned kPubrel = bit(PacketType::pubrel) | bit(PacketType::pubcomp);
constexpr unsigned kSuback = bit(PacketType::suback);
constexpr unsigned kUnsuback = bit(PacketType::unsuback);
constexpr unsigned kDisconnect = bit(PacketType::disconnect);
constexpr unsigned kAuth = bit(PacketType::auth);
constexpr unsigned kAnswers = kConnack | kPuback | kSuback | kUnsuback | kDisconnect;

constexpr std::uint8_t kNoCode = 0xFF;

struct ReasonRow {
  ReasonCode reason;
  std::string_view name;
  unsigned packets;       // Bits of the packets that may carry it.
  std::uint8_t code_311;  // CONNACK return code of 3.1 and 3.1.1, or kNoCode.
};

// Section 2.4, and the tables of the packets in chapter 3 where those differ in wording.
constexpr ReasonRow kRows[] = {
    {ReasonCode::success, "Success",
     kConnack | kPuback | kPubrel | kSuback | kUnsuback | kDisconnect | kAuth, 0},
    {ReasonCode::granted_qos1, "Granted QoS 1", kSuback, kNoCode},
    {ReasonCode::granted_qos2, "Granted QoS 2", kSuback, kNoCode},
    {ReasonCode::disconnect_with_will, "Disconnect with Will Message", kDisconnect, kNoCode},
    {ReasonCode::no_matching_subscribers, "No matching subscribers", kPuback, kNoCode},
    {ReasonCode::no_subscription_existed, "No subscription existed", kUnsuback, kNoCode},
    {ReasonCode::continue_authentication, "Continue authentication", kAuth, kNoCode},
    {ReasonCode::reauthenticate, "Re-authenticate", kAuth, kNoCode},
    {ReasonCode::unspecified_error, "Unspecified error", kAnswers, kNoCode},
    {ReasonCode::malformed_packet, "Malformed Packet", kConnack | kDisconnect, kNoCode},
    {ReasonCode::protocol_error, "Protocol Error", kConnack | kDisconnect, kNoCode},
    {ReasonCode::implementation_specific_error, "Implementation specific error", kAnswers, kNoCode},
    {ReasonCode::unsupported_protocol_version, "Unsupported Protocol Version", kConnack, 1},
    {ReasonCode::client_identifier_not_valid, "Client Identifier not valid", kConnack, 2},
    {ReasonCode::bad_user_name_or_password, "Bad User Name or Password", kConnack, 4},
    {ReasonCode::not_authorized, "Not authorized", kAnswers, 5},
    {ReasonCode::server_unavailable, "Server unavailable", kConnack, 3},
    {ReasonCode::server_busy, "Server busy", kConnack | kDisconnect, 3},
    {ReasonCode::banned, "Banned", kConnack, 5},
    {ReasonCode::server_shutting_down, "Server shutting down", kDisconnect, 3},
    {ReasonCode::bad_authentication_method, "Bad authentication method", kConnack | kDisconnect, 4},
    {ReasonCode::keep_alive_timeout, "Keep Alive timeout", kDisconnect, kNoCode},
    {ReasonCode::session_taken_over, "Session taken over", kDisconnect, kNoCode},
    {ReasonCode::topic_filter_invalid, "Topic Filter invalid", kSuback | kUnsuback | kDisconnect,
     kNoCode},
    {ReasonCode::topic_name_invalid, "Topic Name invalid", kConnack | kPuback | kDisconnect, 5},
    {ReasonCode::packet_identifier_in_use, "Packet Identifier in use",
     kPuback | kSuback | kUnsuback, kNoCode},
    {ReasonCode::packet_identifier_not_found, "Packet Identifier not found", kPubrel, kNoCode},
    {ReasonCode::receive_maximum_exceeded, "Receive Maximum exceeded", kDisconnect, kNoCode},
    {ReasonCode::topic_alias_invalid, "Topic Alias invalid", kDisconnect, kNoCode},
    {ReasonCode::packet_too_large, "Packet too large", kConnack | kDisconnect, kNoCode},
    {ReasonCode::message_rate_too_high, "Message rate too high", kDisconnect, kNoCode},
    {ReasonCode::quota_exceeded, "Quota exceeded", kConnack | kPuback | kSuback | kDisconnect, 3},
    {ReasonCode::administrative_action, "Administrative action", kDisconnect, kNoCode},
    {ReasonCode::payload_format_invalid, "Payload format invalid", kConnack | kPuback | kDisconnect,
     kNoCode},
    {ReasonCode::retain_not_supported, "Retain not supported", kConnack | kDisconnect, kNoCode},
    {ReasonCode::qos_not_supported, "QoS not supported", kConnack | kDisconnect, kNoCode},
    {ReasonCode::use_another_server, "Use another server", kConnack | kDisconnect, 3},
    {ReasonCode::server_moved, "Server moved", kConnack | kDisconnect, 3},
    {ReasonCode::shared_subscriptions_not_supported, "Shared Subscriptions not supported",
     kSuback | kDisconnect, kNoCode},
    {ReasonCode::connection_rate_exceeded, "Connection rate exceeded", kConnack | kDisconnect, 3},
    {ReasonCode::maximum_connect_time, "Maximum connect time", kDisconnect, kNoCode},
    {ReasonCode::subscription_identifiers_not_supported, "Subscription Identifiers not supported",
     kSuback | kDisconnect, kNoCode},
    {ReasonCode::wildcard_subscriptions_not_supported, "Wildcard Subscriptions not supported",
     kSuback | kDisconnect, kNoCode},
};

// Row of each byte value, plus one; zero where there is none.
constexpr std::array<std::uint8_t, 256> kRowOf = [] {
  std::array<std::uint8_t, 256> rows{};
  std::uint8_t next = 1;
  for (const ReasonRow& row : kRows) rows.at(static_cast<std::size_t>(row.reason)) = next++;
  return rows;
}();

const ReasonRow* row_of(ReasonCode reason) {
  const std::uint8_t row = kRowOf.at(static_cast<std::size_t>(reason));
  return row == 0 ? nullptr : &kRows[row - 1];
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
