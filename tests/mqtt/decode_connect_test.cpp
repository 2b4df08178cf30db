#include "tests/mqtt/bytes.hpp"

#include <doctest/doctest.h>

namespace tandemq::mqtt {
namespace {

constexpr auto kMalformed = ReasonCode::malformed_packet;
constexpr auto kSuccess = ReasonCode::success;
constexpr auto kUnsupported = ReasonCode::unsupported_protocol_version;

// The version of a CONNECT stands in itself; this one is passed to show that it does not matter.
ReasonCode connect_refusal(std::string_view text) {
  return refusal(text, Version::v31);
}

DecodeError connect_error(std::string_view text) {
  const auto packet = decode(framed(text), Version::v311);
  REQUIRE_FALSE(packet.has_value());
  return packet.error();
}

TEST_CASE("[MQTT-3.1.2-1] a protocol name other than MQTT is refused without an answer") {
  for (const char* text : {"10 0004 'MQTU' 04 02 003C 0001 'c'", "10 0003 'MQT' 05 02 003C 00 0000",
                           "10 0000 04 02 003C 0001 'c'", "10 0005 'MQTTT' 04 02 003C 0001 'c'",
                           "10 0004 'mqtt' 05 02 003C 00 0000"}) {
    INFO(text);
    const DecodeError error = connect_error(text);
    CHECK(error.reason == kUnsupported);
    CHECK_FALSE(error.connect_version.has_value());
  }
}

TEST_CASE("[MQTT-3.1.2-2] a protocol level above 5 is refused in the form of 5.0") {
  for (const char* text : {"10 0004 'MQTT' 06 02 003C 00 0000", "10 0004 'MQTT' 7F",
                           "10 0006 'MQIsdp' 06 02 003C 0001 'c'"}) {
    const DecodeError error = connect_error(text);
    CHECK(error.reason == kUnsupported);
    CHECK(error.connect_version == Version::v5);
  }
}

TEST_CASE("[MQTT311-3.1.2-2] a protocol level below 4 is refused in the form of 3.1.1") {
  for (const char* text :
       {"10 0004 'MQTT' 00 02 003C 0000", "10 0004 'MQTT' 02 00 003C 0001 'c'",
        "10 0004 'MQTT' 03 02 003C 0001 'c'", "10 0006 'MQIsdp' 02 02 003C 0001 'c'",
        "10 0006 'MQIsdp' 04 02 003C 0001 'c'"}) {
    const DecodeError error = connect_error(text);
    CHECK(error.reason == kUnsupported);
    CHECK(error.connect_version == Version::v311);
  }
}

TEST_CASE("the level of a Mosquitto bridge is refused so that it tries the plain level") {
  CHECK(connect_error("10 0004 'MQTT' 84 02 003C 0001 'c'").connect_version == Version::v311);
  CHECK(connect_error("10 0006 'MQIsdp' 83 02 003C 0001 'c'").connect_version == Version::v311);
  CHECK(connect_error("10 0004 'MQTT' 85 02 003C 00 0001 'c'").connect_version == Version::v5);
}

TEST_CASE("a CONNECT that fails behind its level says its version, so it can be answered") {
  const DecodeError v5 = connect_error("10 0004 'MQTT' 05 03 003C 00 0000");
  CHECK(v5.connect_version == Version::v5);
  CHECK(v5.reason == kMalformed);
  CHECK_FALSE(v5.why.empty());
  CHECK(connect_error("10 0004 'MQTT' 05 02 003C 00 0000 00").connect_version == Version::v5);
  CHECK(connect_error("11 0004 'MQTT' 05 02 003C 00 0000").connect_version == Version::v5);
  CHECK(connect_error("10 0004 'MQTT' 05").connect_version == Version::v5);
  CHECK(connect_error("10 0004 'MQTT' 04 02 003C").connect_version == Version::v311);
  CHECK_FALSE(connect_error("10 0004 'MQT'").connect_version.has_value());
  CHECK_FALSE(connect_error("10 0004 'MQTT'").connect_version.has_value());
}

TEST_CASE("[MQTT-3.1.2-3] a CONNECT with its reserved flag set is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 03 003C 00 0000") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 04 03 003C 0000") == kMalformed);
}

TEST_CASE("the unused connect flag and fixed header flags of 3.1 are not looked at") {
  CHECK(connect_refusal("10 0006 'MQIsdp' 03 01 000A 0001 'c'") == kSuccess);
  CHECK(connect_refusal("14 0006 'MQIsdp' 03 02 000A 0001 'c'") == kSuccess);
  CHECK(connect_refusal("14 0004 'MQTT' 04 02 000A 0001 'c'") == kMalformed);
}

TEST_CASE("a client identifier of 3.1 may be longer than 23 characters") {
  CHECK(connect_refusal("10 0006 'MQIsdp' 03 02 000A 0018 'abcdefghijklmnopqrstuvwx'") == kSuccess);
}

TEST_CASE("a user name or password of 3.1 may be missing at the end of the packet") {
  const auto connect =
      std::get<Connect>(decoded("10 0006 'MQIsdp' 03 C2 000A 0001 'c'", Version::v5));
  CHECK_FALSE(connect.user_name.has_value());
  CHECK_FALSE(connect.password.has_value());
}

TEST_CASE("[MQTT-3.1.2-4] Clean Start is the second flag") {
  const auto clean = std::get<Connect>(decoded("10 0004 'MQTT' 05 02 0000 00 0000", Version::v5));
  const auto kept = std::get<Connect>(decoded("10 0004 'MQTT' 05 00 0000 00 0000", Version::v5));
  CHECK(clean.clean_start);
  CHECK_FALSE(kept.clean_start);
}

TEST_CASE("[MQTT-3.1.2-9] a will flag without will fields is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 06 003C 00 0001 'c'") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 05 06 003C 00 0001 'c' 00 0001 't'") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 04 06 003C 0001 'c'") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 04 06 003C 0001 'c' 0001 't'") == kMalformed);
}

TEST_CASE("[MQTT-3.1.2-11] a will QoS without a will is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 0A 003C 00 0000") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 05 12 003C 00 0000") == kMalformed);
}

TEST_CASE("[MQTT311-3.1.2-11] will flags of 3.1.1 without a will are refused") {
  CHECK(connect_refusal("10 0004 'MQTT' 04 0A 003C 0000") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 04 22 003C 0000") == kMalformed);
}

TEST_CASE("[MQTT-3.1.2-12] a will with QoS 3 is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 1E 003C 00 0000 00 0001 't' 0000") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 04 1E 003C 0000 0001 't' 0000") == kMalformed);
  CHECK(connect_refusal("10 0006 'MQIsdp' 03 1E 003C 0000 0001 't' 0000") == kMalformed);
}

TEST_CASE("[MQTT-3.1.2-13] a will retain flag without a will is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 22 003C 00 0000") == kMalformed);
}

TEST_CASE("[MQTT-3.1.2-14] a will keeps its QoS and retain flag") {
  const auto connect =
      std::get<Connect>(decoded("10 0004 'MQTT' 05 2E 003C 00 0000 00 0001 't' 0000", Version::v5));
  REQUIRE(connect.will != nullptr);
  CHECK(connect.will->qos == QoS::at_least_once);
  CHECK(connect.will->retain);
}

TEST_CASE("[MQTT-3.1.2-16] a user name without its flag is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 02 003C 00 0001 'c' 0001 'u'") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 04 02 003C 0001 'c' 0001 'u'") == kMalformed);
}

TEST_CASE("[MQTT-3.1.2-17] a user name flag without a user name is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 82 003C 00 0001 'c'") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 04 82 003C 0001 'c'") == kMalformed);
}

TEST_CASE("[MQTT-3.1.2-18] a password without its flag is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 82 003C 00 0000 0001 'u' 0001 'p'") == kMalformed);
}

TEST_CASE("[MQTT-3.1.2-19] a password flag without a password is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 C2 003C 00 0000 0001 'u'") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 04 C2 003C 0000 0001 'u'") == kMalformed);
}

TEST_CASE("[MQTT311-3.1.2-22] a password without a user name is refused in 3.1.1") {
  CHECK(connect_refusal("10 0004 'MQTT' 04 42 003C 0001 'c' 0001 'p'") == kMalformed);
}

TEST_CASE("a password without a user name is valid in 5.0 (3.1.2.9)") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 42 003C 00 0001 'c' 0001 'p'") == kSuccess);
}

TEST_CASE("a password is binary data and may hold any bytes (3.1.3.6)") {
  CHECK(connect_refusal("10 0004 'MQTT' 04 C2 003C 0000 0001 'u' 0003 00FFC3") == kSuccess);
  CHECK(connect_refusal("10 0004 'MQTT' 05 C2 003C 00 0000 0001 'u' 0003 00FFC3") == kSuccess);
}

TEST_CASE("[MQTT-3.1.3-1] client id, will, user name and password come in this order") {
  const auto connect = std::get<Connect>(
      decoded("10 0004 'MQTT' 05 C6 003C 00 0001 'c' 05 18 00000007 0001 't' 0001 'w' 0001 'u' "
              "0001 'p'",
              Version::v5));
  CHECK(connect.client_id == "c");
  REQUIRE(connect.will != nullptr);
  CHECK(connect.will->properties.number(PropertyId::will_delay_interval) == 7U);
  CHECK(connect.will->topic == "t");
  CHECK(connect.will->payload == "w");
  CHECK(connect.user_name == "u");
  CHECK(connect.password == "p");
}

TEST_CASE("[MQTT-3.1.3-3] a CONNECT without a client identifier is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 02 003C 00") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 04 02 003C") == kMalformed);
}

TEST_CASE("[MQTT-3.1.3-4] a client identifier that is no UTF-8 is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 02 003C 00 0001 FF") == kMalformed);
}

TEST_CASE("[MQTT-3.1.3-6] an empty client identifier is well-formed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 02 003C 00 0000") == kSuccess);
  CHECK(connect_refusal("10 0004 'MQTT' 04 00 003C 0000") == kSuccess);
}

TEST_CASE("[MQTT-3.1.3-11] a will topic that is no UTF-8 is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 06 003C 00 0000 00 0001 FF 0000") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 04 06 003C 0000 0003 'a' 00 'b' 0000") == kMalformed);
}

TEST_CASE("[MQTT-3.1.3-12] a user name that is no UTF-8 is malformed") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 82 003C 00 0000 0001 FF") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 04 82 003C 0000 0003 EDA080") == kMalformed);
}

TEST_CASE("[MQTT-4.7.0-1] a will topic that is empty or has a wildcard is malformed") {
  for (const char* topic : {"0000", "0001 '#'", "0003 'a/+'"}) {
    CHECK(connect_refusal(std::string("10 0004 'MQTT' 05 06 003C 00 0000 00") + topic + "0000") ==
          kMalformed);
    CHECK(connect_refusal(std::string("10 0004 'MQTT' 04 06 003C 0000") + topic + "0000") ==
          kMalformed);
  }
}

TEST_CASE("a will payload may be empty and may hold any bytes (3.1.3.4)") {
  CHECK(connect_refusal("10 0004 'MQTT' 04 06 003C 0000 0001 't' 0000") == kSuccess);
  CHECK(connect_refusal("10 0004 'MQTT' 04 06 003C 0000 0001 't' 0002 00FF") == kSuccess);
}

TEST_CASE("a bad property of a CONNECT or its will is refused with the reason of the property") {
  CHECK(connect_refusal("10 0004 'MQTT' 05 02 003C 03 21 0000 0000") == ReasonCode::protocol_error);
  CHECK(connect_refusal("10 0004 'MQTT' 05 02 003C 02 01 00 0000") == kMalformed);
  CHECK(connect_refusal("10 0004 'MQTT' 05 06 003C 00 0000 02 01 02 0001 't' 0000") ==
        ReasonCode::protocol_error);
  CHECK(connect_refusal("10 0004 'MQTT' 05 06 003C 00 0000 03 23 0001 0001 't' 0000") ==
        kMalformed);
}

TEST_CASE("[MQTT-3.2.2-1] a CONNACK with reserved flags is malformed") {
  CHECK(refusal("20 02 00 00", Version::v5) == kMalformed);
  CHECK(refusal("20 80 00", Version::v311) == kMalformed);
  CHECK(refusal("20 FF 00", Version::v31) == kSuccess);  // The byte is unused there.
}

TEST_CASE("[MQTT-3.2.2-6] a CONNACK that refuses has no session present") {
  CHECK(refusal("20 01 87 00", Version::v5) == ReasonCode::protocol_error);
  CHECK(refusal("20 01 05", Version::v311) == ReasonCode::protocol_error);
}

TEST_CASE("[MQTT-3.2.2-8] a CONNACK with a reason code of another packet is an error") {
  CHECK(refusal("20 00 01 00", Version::v5) == ReasonCode::protocol_error);
  CHECK(refusal("20 00 06", Version::v311) == ReasonCode::protocol_error);
}

TEST_CASE("the return codes of a CONNACK of 3.1.1 become reason codes") {
  const ReasonCode reasons[] = {ReasonCode::success,
                                kUnsupported,
                                ReasonCode::client_identifier_not_valid,
                                ReasonCode::server_unavailable,
                                ReasonCode::bad_user_name_or_password,
                                ReasonCode::not_authorized};
  for (unsigned code = 0; code < 6; ++code) {
    const std::string text = std::string("20 00 0") + static_cast<char>('0' + code);
    CHECK(std::get<Connack>(decoded(text, Version::v311)).reason == reasons[code]);
  }
}

}  // namespace
}  // namespace tandemq::mqtt
