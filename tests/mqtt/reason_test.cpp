#include "mqtt/reason.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq::mqtt {
namespace {

// The allowed bytes of each packet, as the tables of chapter 3 list them.
struct ReasonsOfPacket {
  PacketType type;
  std::string_view bytes;
};

TEST_CASE("each packet carries exactly the reason codes of its table") {
  const ReasonsOfPacket rows[] = {
      {PacketType::connack,
       std::string_view("\x00\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8A\x8C\x90\x95\x97\x99\x9A"
                        "\x9B\x9C\x9D\x9F",
                        22)},
      {PacketType::puback, std::string_view("\x00\x10\x80\x83\x87\x90\x91\x97\x99", 9)},
      {PacketType::pubrec, std::string_view("\x00\x10\x80\x83\x87\x90\x91\x97\x99", 9)},
      {PacketType::pubrel, std::string_view("\x00\x92", 2)},
      {PacketType::pubcomp, std::string_view("\x00\x92", 2)},
      {PacketType::suback,
       std::string_view("\x00\x01\x02\x80\x83\x87\x8F\x91\x97\x9E\xA1\xA2", 12)},
      {PacketType::unsuback, std::string_view("\x00\x11\x80\x83\x87\x8F\x91", 7)},
      {PacketType::disconnect,
       std::string_view("\x00\x04\x80\x81\x82\x83\x87\x89\x8B\x8C\x8D\x8E\x8F\x90\x93\x94\x95\x96"
                        "\x97\x98\x99\x9A\x9B\x9C\x9D\x9E\x9F\xA0\xA1\xA2",
                        30)},
      {PacketType::auth, std::string_view("\x00\x18\x19", 3)},
      {PacketType::publish, {}},
  };
  for (const ReasonsOfPacket& row : rows) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      INFO(std::string(name(row.type)), " ", byte);
      const bool listed = row.bytes.find(static_cast<char>(byte)) != std::string_view::npos;
      const auto value = static_cast<std::uint8_t>(byte);
      CHECK(reason_from(value, row.type).has_value() == listed);
      CHECK(allowed_in(static_cast<ReasonCode>(byte), row.type) == listed);
    }
  }
}

TEST_CASE("a reason code that is known has a name and another has none") {
  CHECK(name(ReasonCode::success) == "Success");
  CHECK(name(ReasonCode::receive_maximum_exceeded) == "Receive Maximum exceeded");
  CHECK(name(ReasonCode::wildcard_subscriptions_not_supported) ==
        "Wildcard Subscriptions not supported");
  CHECK(name(static_cast<ReasonCode>(0x7F)) == "Reserved");
  CHECK(name(static_cast<ReasonCode>(0xFF)) == "Reserved");
}

TEST_CASE("each packet type has the name of the specification") {
  CHECK(name(PacketType::connect) == "CONNECT");
  CHECK(name(PacketType::pubcomp) == "PUBCOMP");
  CHECK(name(PacketType::auth) == "AUTH");
}

TEST_CASE("[MQTT311-3.2.2-6] a refusal without a return code of 3.1.1 has none") {
  CHECK(connack_code_311(ReasonCode::success) == 0);
  CHECK(connack_code_311(ReasonCode::unsupported_protocol_version) == 1);
  CHECK(connack_code_311(ReasonCode::client_identifier_not_valid) == 2);
  CHECK(connack_code_311(ReasonCode::server_unavailable) == 3);
  CHECK(connack_code_311(ReasonCode::server_busy) == 3);
  CHECK(connack_code_311(ReasonCode::bad_user_name_or_password) == 4);
  CHECK(connack_code_311(ReasonCode::not_authorized) == 5);
  CHECK(connack_code_311(ReasonCode::banned) == 5);
  CHECK_FALSE(connack_code_311(ReasonCode::malformed_packet).has_value());
  CHECK_FALSE(connack_code_311(ReasonCode::protocol_error).has_value());
  CHECK_FALSE(connack_code_311(static_cast<ReasonCode>(0x7F)).has_value());
}

}  // namespace
}  // namespace tandemq::mqtt
