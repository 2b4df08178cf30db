#include "tests/mqtt/bytes.hpp"

#include <doctest/doctest.h>

namespace tandemq::mqtt {
namespace {

constexpr auto kAll = {Version::v31, Version::v311, Version::v5};
constexpr auto kMalformed = ReasonCode::malformed_packet;
constexpr auto kProtocolError = ReasonCode::protocol_error;
constexpr auto kSuccess = ReasonCode::success;

TEST_CASE("[MQTT-3.8.1-1] a SUBSCRIBE without its reserved flags is malformed") {
  for (const char* first : {"80", "81", "83", "84", "86", "8A", "8F"}) {
    INFO(first);
    CHECK(refusal(std::string(first) + "0001 00 0001 'a' 00", Version::v5) == kMalformed);
    CHECK(refusal(std::string(first) + "0001 0001 'a' 00", Version::v311) == kMalformed);
  }
}

TEST_CASE("[MQTT-3.8.3-1] a topic filter that is no UTF-8 is malformed") {
  CHECK(refusal("82 0001 00 0001 FF 00", Version::v5) == kMalformed);
  CHECK(refusal("82 0001 0002 'a' 00 00", Version::v311) == kMalformed);
}

TEST_CASE("[MQTT-3.8.3-2] a SUBSCRIBE without a filter is a protocol error") {
  CHECK(refusal("82 0001 00", Version::v5) == kProtocolError);
}

TEST_CASE("[MQTT311-3.8.3-3] a SUBSCRIBE of 3.1.1 without a filter is refused") {
  CHECK(refusal("82 0001", Version::v311) == kProtocolError);
}

TEST_CASE("a SUBSCRIBE whose last filter has no options is malformed (3.8.3)") {
  CHECK(refusal("82 0001 00 0001 'a'", Version::v5) == kMalformed);
  CHECK(refusal("82 0001 00 0001 'a' 00 0001 'b'", Version::v5) == kMalformed);
  CHECK(refusal("82 0001 0001 'a'", Version::v311) == kMalformed);
}

TEST_CASE("[MQTT-3.8.3-4] No Local on a shared subscription is a protocol error") {
  CHECK(refusal("82 0001 00 000A '$share/g/f' 04", Version::v5) == kProtocolError);
  CHECK(refusal("82 0001 00 000A '$share/g/f' 08", Version::v5) == kSuccess);
  CHECK(refusal("82 0001 00 000A '$sharp/g/f' 04", Version::v5) == kSuccess);
}

TEST_CASE("[MQTT-3.8.3-5] reserved bits of the subscription options are malformed") {
  for (const char* options : {"40", "80", "C0", "F0"}) {
    INFO(options);
    CHECK(refusal(std::string("82 0001 00 0001 'a'") + options, Version::v5) == kMalformed);
  }
}

TEST_CASE("[MQTT311-3.8.3-4] a SUBSCRIBE of 3.1.1 asks for QoS 0, 1 or 2 and nothing else") {
  for (unsigned options = 0; options < 256; ++options) {
    INFO(options);
    const std::string frame =
        bytes("82 06 0001 0001 'a'") + static_cast<char>(static_cast<unsigned char>(options));
    CHECK(decode(frame, Version::v311).has_value() == (options <= 2));
  }
}

TEST_CASE("a subscription with QoS 3 is a protocol error (3.8.3.1)") {
  CHECK(refusal("82 0001 00 0001 'a' 03", Version::v5) == kProtocolError);
}

TEST_CASE("Retain Handling 3 is a protocol error (3.8.3.1)") {
  CHECK(refusal("82 0001 00 0001 'a' 30", Version::v5) == kProtocolError);
}

TEST_CASE("each bit of the subscription options has its meaning (3.8.3.1)") {
  const auto subscribe = std::get<Subscribe>(decoded(
      "82 0001 00 0001 'a' 01 0001 'b' 04 0001 'c' 08 0001 'd' 10 0001 'e' 20", Version::v5));
  REQUIRE(subscribe.entries.size() == 5);
  CHECK(subscribe.entries[0].qos == QoS::at_least_once);
  CHECK(subscribe.entries[1].no_local);
  CHECK(subscribe.entries[2].retain_as_published);
  CHECK(subscribe.entries[3].retain_handling == 1);
  CHECK(subscribe.entries[4].retain_handling == 2);
  CHECK(subscribe.entries[4].qos == QoS::at_most_once);
  CHECK_FALSE(subscribe.entries[4].no_local);
}

TEST_CASE("[MQTT-4.7.3-1] an empty topic filter is malformed") {
  CHECK(refusal("82 0001 00 0000 00", Version::v5) == kMalformed);
  CHECK(refusal("82 0001 00 0001 'a' 00 0000 00", Version::v5) == kMalformed);
  CHECK(refusal("82 0001 0000 00", Version::v311) == kMalformed);
  CHECK(refusal("A2 0001 00 0000", Version::v5) == kMalformed);
  CHECK(refusal("A2 0001 0000", Version::v311) == kMalformed);
}

TEST_CASE("a Subscription Identifier is from 1 to 268,435,455 and stands once (3.8.2.1.2)") {
  CHECK(refusal("82 0001 02 0B 00 0001 'a' 00", Version::v5) == kProtocolError);
  CHECK(refusal("82 0001 03 0B 8000 0001 'a' 00", Version::v5) == kMalformed);
  CHECK(refusal("82 0001 05 0B FFFFFF7F 0001 'a' 00", Version::v5) == kSuccess);
  CHECK(refusal("82 0001 06 0B FFFFFFFF7F 0001 'a' 00", Version::v5) == kMalformed);
  CHECK(refusal("82 0001 04 0B 01 0B 02 0001 'a' 00", Version::v5) == kProtocolError);
}

TEST_CASE("[MQTT-3.9.3-2] a SUBACK with a reason code of another packet is a protocol error") {
  CHECK(refusal("90 0001 00 03", Version::v5) == kProtocolError);
  CHECK(refusal("90 0001 00 11", Version::v5) == kProtocolError);
}

TEST_CASE("[MQTT311-3.9.3-2] a SUBACK of 3.1.1 has only 0, 1, 2 and 0x80") {
  CHECK(refusal("90 0001 00 01 02 80", Version::v311) == kSuccess);
  CHECK(refusal("90 0001 03", Version::v311) == kProtocolError);
  CHECK(refusal("90 0001 87", Version::v311) == kProtocolError);
}

TEST_CASE("[MQTT-3.9.3-1] a SUBACK or UNSUBACK without reason codes is a protocol error") {
  CHECK(refusal("90 0001 00", Version::v5) == kProtocolError);
  CHECK(refusal("90 0001", Version::v311) == kProtocolError);
  CHECK(refusal("B0 0001 00", Version::v5) == kProtocolError);
  CHECK(refusal("B0 0001", Version::v311) == kSuccess);
}

TEST_CASE("[MQTT-3.10.1-1] an UNSUBSCRIBE without its reserved flags is malformed") {
  for (const char* first : {"A0", "A1", "A3", "A6", "AA"}) {
    INFO(first);
    CHECK(refusal(std::string(first) + "0001 00 0001 'a'", Version::v5) == kMalformed);
    CHECK(refusal(std::string(first) + "0001 0001 'a'", Version::v311) == kMalformed);
  }
}

TEST_CASE("[MQTT-3.10.3-1] a filter of an UNSUBSCRIBE that is no UTF-8 is malformed") {
  CHECK(refusal("A2 0001 00 0001 FF", Version::v5) == kMalformed);
}

TEST_CASE("[MQTT-3.10.3-2] an UNSUBSCRIBE without a filter is a protocol error") {
  for (const Version version : kAll) {
    CHECK(refusal(version == Version::v5 ? "A2 0001 00" : "A2 0001", version) == kProtocolError);
  }
}

TEST_CASE("[MQTT-3.11.3-2] an UNSUBACK with a reason code of another packet is an error") {
  CHECK(refusal("B0 0001 00 01", Version::v5) == kProtocolError);
}

}  // namespace
}  // namespace tandemq::mqtt
