#include "tests/mqtt/bytes.hpp"

#include <doctest/doctest.h>

namespace tandemq::mqtt {
namespace {

constexpr auto kAll = {Version::v31, Version::v311, Version::v5};
constexpr auto kMalformed = ReasonCode::malformed_packet;
constexpr auto kProtocolError = ReasonCode::protocol_error;
constexpr auto kSuccess = ReasonCode::success;

TEST_CASE("[MQTT-3.3.1-2] a PUBLISH with QoS 0 and DUP is malformed") {
  for (const Version version : kAll) {
    CHECK(refusal("38 0001 'a' 00", version) == kMalformed);
    CHECK(refusal("3A 0001 'a' 0001 00", version) == kSuccess);
  }
}

TEST_CASE("[MQTT-3.3.1-4] a PUBLISH with QoS 3 is malformed") {
  for (const Version version : kAll) {
    CHECK(refusal("36 0001 'a' 0001 00", version) == kMalformed);
    CHECK(refusal("3F 0001 'a' 0001 00", version) == kMalformed);
  }
}

TEST_CASE("[MQTT-2.2.1-2] a PUBLISH with QoS 0 has no Packet Identifier") {
  const auto publish = std::get<Publish>(decoded("30 0001 'a' 0001", Version::v311));
  CHECK(publish.packet_id == 0);
  CHECK(publish.payload == bytes("0001"));
}

TEST_CASE("[MQTT-3.3.2-1] a PUBLISH without a whole topic is malformed") {
  for (const Version version : kAll) {
    for (const char* text : {"30", "30 00", "30 0001", "30 0005 'a/b'"}) {
      CHECK(refusal(text, version) == kMalformed);
    }
  }
}

TEST_CASE("[MQTT-3.3.2-2] a PUBLISH to a topic with a wildcard is malformed") {
  for (const Version version : kAll) {
    for (const char* text : {"30 0001 '#' 00", "30 0003 'a/+' 00", "30 0003 'a+b' 00",
                             "30 0005 '+/a/b' 00", "30 0003 'a/#' 00"}) {
      INFO(text);
      CHECK(refusal(text, version) == kMalformed);
    }
  }
}

TEST_CASE("[MQTT311-4.7.3-1] a PUBLISH of 3.1.1 to an empty topic is refused") {
  CHECK(refusal("30 0000 'x'", Version::v311) == kMalformed);
  CHECK(refusal("30 0000 'x'", Version::v31) == kMalformed);
}

TEST_CASE("an empty topic without a Topic Alias is a protocol error (3.3.2.1)") {
  CHECK(refusal("30 0000 00 'x'", Version::v5) == kProtocolError);
  CHECK(refusal("30 0000 02 01 00 'x'", Version::v5) == kProtocolError);
  CHECK(refusal("30 0000 03 23 0001 'x'", Version::v5) == kSuccess);
}

TEST_CASE("[MQTT-3.3.2-8] a PUBLISH with a Topic Alias of zero is a topic alias error") {
  CHECK(refusal("30 0001 'a' 03 23 0000", Version::v5) == ReasonCode::topic_alias_invalid);
  CHECK(refusal("30 0000 03 23 0000", Version::v5) == ReasonCode::topic_alias_invalid);
}

TEST_CASE("[MQTT-3.3.2-13] a Response Topic that is no UTF-8 is malformed") {
  CHECK(refusal("30 0001 'a' 04 08 0001 FF", Version::v5) == kMalformed);
}

TEST_CASE("[MQTT-3.3.2-19] a Content Type that is no UTF-8 is malformed") {
  CHECK(refusal("30 0001 'a' 04 03 0001 FF", Version::v5) == kMalformed);
}

TEST_CASE("a PUBLISH of 5.0 without a Property Length is malformed (3.3.2.3.1)") {
  CHECK(refusal("30 0001 'a'", Version::v5) == kMalformed);
  CHECK(refusal("32 0001 'a' 0001", Version::v5) == kMalformed);
}

TEST_CASE("a PUBLISH with QoS 1 or 2 without a Packet Identifier is malformed") {
  for (const Version version : kAll) {
    CHECK(refusal("32 0001 'a'", version) == kMalformed);
    CHECK(refusal("34 0001 'a' 00", version) == kMalformed);
  }
}

TEST_CASE("a payload may be empty and may hold any bytes (3.3.3)") {
  CHECK(std::get<Publish>(decoded("30 0001 'a'", Version::v311)).payload.empty());
  CHECK(std::get<Publish>(decoded("30 0001 'a' 00 00FFC3", Version::v5)).payload ==
        bytes("00FFC3"));
}

TEST_CASE("a PUBLISH may carry several Subscription Identifiers (3.3.2.3.8)") {
  const auto publish = std::get<Publish>(decoded("30 0001 'a' 05 0B 01 0B 8001", Version::v5));
  REQUIRE(publish.properties.list().size() == 2);
  CHECK(publish.properties.list()[0].number == 1);
  CHECK(publish.properties.list()[1].number == 128);
}

}  // namespace
}  // namespace tandemq::mqtt
