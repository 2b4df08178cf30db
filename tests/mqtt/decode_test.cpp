// What holds for packets of every type: fixed header, lengths, text, acknowledgements.
#include "mqtt/decode.hpp"

#include "tests/mqtt/bytes.hpp"

#include <utility>

#include <doctest/doctest.h>

namespace tandemq::mqtt {
namespace {

constexpr auto kAll = {Version::v31, Version::v311, Version::v5};
constexpr auto kMalformed = ReasonCode::malformed_packet;
constexpr auto kProtocolError = ReasonCode::protocol_error;

// A valid packet of 5.0 of each type, without its first byte, which is separate.
struct ValidPacket {
  unsigned first;
  std::string_view body;
};
constexpr ValidPacket kValid[] = {
    {0x10, "0004 'MQTT' 05 02 003C 00 0000"},
    {0x20, "00 00 00"},
    {0x40, "0001"},
    {0x50, "0001"},
    {0x62, "0001"},
    {0x70, "0001"},
    {0x82, "0001 00 0001 'a' 00"},
    {0x90, "0001 00 00"},
    {0xA2, "0001 00 0001 'a'"},
    {0xB0, "0001 00 00"},
    {0xC0, ""},
    {0xD0, ""},
    {0xE0, ""},
    {0xF0, ""},
};

std::string with_first(unsigned first, std::string_view body) {
  std::string out(1, static_cast<char>(first));
  const std::string tail = bytes(body);
  Writer(out).variable_u32(static_cast<std::uint32_t>(tail.size()));
  return out + tail;
}

TEST_CASE("[MQTT-2.1.3-1] reserved flags of the fixed header must have their value") {
  for (const ValidPacket& row : kValid) {
    for (unsigned flags = 0; flags < 16; ++flags) {
      const unsigned first = (row.first & 0xF0U) | flags;
      INFO("first byte ", first);
      const auto packet = decode(with_first(first, row.body), Version::v5);
      CHECK(packet.has_value() == (first == row.first));
      if (!packet) CHECK(packet.error().reason == kMalformed);
    }
  }
}

TEST_CASE("[MQTT311-2.2.2-2] a packet of 3.1.1 with wrong flags is refused") {
  CHECK(refusal("C1", Version::v311) == kMalformed);
  CHECK(refusal("E8", Version::v311) == kMalformed);
  CHECK(refusal("41 0001", Version::v311) == kMalformed);
}

TEST_CASE("[MQTT-3.6.1-1] a PUBREL without its reserved flags is malformed") {
  for (const Version version : kAll) {
    CHECK(refusal("60 0001", version) == kMalformed);
    CHECK(refusal("63 0001", version) == kMalformed);
  }
  CHECK(refusal("6A 0001", Version::v311) == kMalformed);
}

TEST_CASE("a PUBREL, SUBSCRIBE or UNSUBSCRIBE of 3.1 may be marked as a duplicate") {
  CHECK(refusal("6A 0001", Version::v31) == ReasonCode::success);
  CHECK(refusal("8A 0001 0001 'a' 00", Version::v31) == ReasonCode::success);
  CHECK(refusal("AA 0001 0001 'a'", Version::v31) == ReasonCode::success);
}

TEST_CASE("[MQTT-3.14.1-1] a DISCONNECT with flags is malformed") {
  for (const Version version : kAll) CHECK(refusal("E1", version) == kMalformed);
}

TEST_CASE("[MQTT-3.15.1-1] an AUTH with flags is malformed") {
  CHECK(refusal("F2", Version::v5) == kMalformed);
}

TEST_CASE("packet type 15 is reserved before 5.0") {
  CHECK(refusal("F0", Version::v311) == kMalformed);
  CHECK(refusal("F0", Version::v31) == kMalformed);
  CHECK(refusal("F0", Version::v5) == ReasonCode::success);
}

TEST_CASE("a frame that is not exactly one packet is malformed") {
  for (const char* text : {"", "C0", "C0 01", "C0 00 00", "C0 80 00", "00 00", "30 FF FF FF FF"}) {
    INFO(text);
    const auto packet = decode(bytes(text), Version::v5);
    REQUIRE_FALSE(packet.has_value());
    CHECK(packet.error().reason == kMalformed);
  }
}

TEST_CASE("a byte behind the end of a packet is malformed") {
  for (const ValidPacket& row : kValid) {
    if (row.first == 0x90 || row.first == 0xB0) continue;  // It would be one more Reason Code.
    INFO("first byte ", row.first);
    const auto packet =
        decode(with_first(row.first, std::string(row.body) + "00 00 00"), Version::v5);
    CHECK_FALSE(packet.has_value());
  }
  CHECK(refusal("C0 00", Version::v5) == kMalformed);
  CHECK(refusal("D0 00", Version::v311) == kMalformed);
  CHECK(refusal("E0 00", Version::v311) == kMalformed);
  CHECK(refusal("40 0001 00", Version::v311) == kMalformed);
  CHECK(refusal("B0 0001 00", Version::v311) == kMalformed);
  CHECK(refusal("40 0001 00 00 00", Version::v5) == kMalformed);
  CHECK(refusal("E0 00 00 00", Version::v5) == kMalformed);
}

TEST_CASE("a packet that is cut off anywhere is refused") {
  const std::pair<unsigned, std::string_view> rows[] = {
      {0x10,
       "0004 'MQTT' 05 C6 003C 05 11 00000001 0001 'c' 00 0001 't' 0001 'w' 0001 'u' 0001 'p'"},
      {0x20, "00 00 00"},
      {0x32, "0001 't' 0001 02 01 01"},
      {0x82, "0001 00 0001 'a' 00"},
      {0x90, "0001 00 00"},
      {0xA2, "0001 00 0001 'a'"},
      {0xF0, "18 08 15 0001 'm' 16 0001 'd'"},
  };
  for (const auto& row : rows) {
    const std::string body = bytes(row.second);
    for (std::size_t size = 1; size < body.size(); ++size) {
      INFO("first byte ", row.first, " cut to ", size);
      std::string frame(1, static_cast<char>(row.first));
      Writer(frame).variable_u32(static_cast<std::uint32_t>(size));
      frame += body.substr(0, size);
      const auto packet = decode(frame, Version::v5);
      CHECK_FALSE(packet.has_value());
    }
  }
}

TEST_CASE("[MQTT-2.2.1-3] a packet with a Packet Identifier of zero is a protocol error") {
  for (const char* text : {"82 0000 00 0001 'a' 00", "A2 0000 00 0001 'a'", "32 0001 'a' 0000 00",
                           "34 0001 'a' 0000 00", "40 0000", "50 0000", "62 0000", "70 0000",
                           "90 0000 00 00", "B0 0000 00 00"}) {
    INFO(text);
    CHECK(refusal(text, Version::v5) == kProtocolError);
  }
}

TEST_CASE("[MQTT311-2.3.1-1] a packet of 3.1.1 with a Packet Identifier of zero is refused") {
  for (const char* text : {"82 0000 0001 'a' 00", "A2 0000 0001 'a'", "32 0001 'a' 0000",
                           "34 0001 'a' 0000", "40 0000", "62 0000"}) {
    INFO(text);
    CHECK(refusal(text, Version::v311) == kProtocolError);
  }
}

TEST_CASE("[MQTT-1.5.4-1] ill-formed UTF-8 is malformed wherever text stands") {
  for (const char* text :
       {"C328", "80", "C0AF", "E08080", "EDA080", "EDBFBF", "F4908080", "F8888080", "E282"}) {
    const std::string size = std::string_view(text).size() / 2 == 1   ? "0001"
                             : std::string_view(text).size() / 2 == 2 ? "0002"
                             : std::string_view(text).size() / 2 == 3 ? "0003"
                                                                      : "0004";
    INFO(text);
    CHECK(refusal("30" + size + text + "00", Version::v5) == kMalformed);
    CHECK(refusal("82 0001 00" + size + text + "00", Version::v5) == kMalformed);
    CHECK(refusal("A2 0001 00" + size + text, Version::v5) == kMalformed);
    CHECK(refusal("10 0004 'MQTT' 05 02 0000 00" + size + text, Version::v5) == kMalformed);
  }
}

TEST_CASE("[MQTT311-1.5.3-1] a surrogate in text of 3.1.1 is refused") {
  CHECK(refusal("30 0003 EDA080", Version::v311) == kMalformed);
  CHECK(refusal("10 0004 'MQTT' 04 02 0000 0003 EDA080", Version::v311) == kMalformed);
}

TEST_CASE("[MQTT-1.5.4-2] the null character in text is malformed") {
  CHECK(refusal("30 0003 'a' 00 'b' 00", Version::v5) == kMalformed);
  CHECK(refusal("82 0001 00 0001 00 00", Version::v5) == kMalformed);
  CHECK(refusal("10 0004 'MQTT' 05 02 0000 00 0001 00", Version::v5) == kMalformed);
}

TEST_CASE("[MQTT311-1.5.3-2] the null character in text of 3.1.1 is refused") {
  CHECK(refusal("30 0003 'a' 00 'b'", Version::v311) == kMalformed);
  CHECK(refusal("82 0001 0001 00 00", Version::v311) == kMalformed);
}

TEST_CASE("[MQTT-1.5.4-3] the bytes EF BB BF stay what they are in text") {
  const Packet packet = decoded("30 0005 EFBBBF 'ab' 00", Version::v5);
  CHECK(std::get<Publish>(packet).topic == bytes("EFBBBF 'ab'"));
}

TEST_CASE("text may hold every other character") {
  CHECK(refusal("30 0005 'A' F0AA9B94 00", Version::v5) == ReasonCode::success);
  CHECK(refusal("30 0003 EFBFBF 00", Version::v5) == ReasonCode::success);
  CHECK(refusal("30 0004 F48FBFBF", Version::v311) == ReasonCode::success);
}

TEST_CASE("an acknowledgement without reason or properties means success (3.4.2.1)") {
  for (const std::string first : {"40", "50", "62", "70"}) {
    for (const std::string tail : {"", "00", "00 00"}) {
      const auto ack = std::get<Ack>(decoded(first + "0007" + tail, Version::v5));
      CHECK(ack.packet_id == 7);
      CHECK(ack.reason == ReasonCode::success);
      CHECK(ack.properties.empty());
    }
  }
}

TEST_CASE("[MQTT-3.4.2-1] a PUBACK with a reason code of another packet is a protocol error") {
  CHECK(refusal("40 0001 92", Version::v5) == kProtocolError);
  CHECK(refusal("40 0001 01 00", Version::v5) == kProtocolError);
  CHECK(refusal("40 0001 10", Version::v5) == ReasonCode::success);
}

TEST_CASE("[MQTT-3.5.2-1] a PUBREC with a reason code of another packet is a protocol error") {
  CHECK(refusal("50 0001 92", Version::v5) == kProtocolError);
  CHECK(refusal("50 0001 97", Version::v5) == ReasonCode::success);
}

TEST_CASE("[MQTT-3.6.2-1] a PUBREL with a reason code of another packet is a protocol error") {
  CHECK(refusal("62 0001 10", Version::v5) == kProtocolError);
  CHECK(refusal("62 0001 FF 00", Version::v5) == kProtocolError);
}

TEST_CASE("[MQTT-3.7.2-1] a PUBCOMP with a reason code of another packet is a protocol error") {
  CHECK(refusal("70 0001 97", Version::v5) == kProtocolError);
}

TEST_CASE("a DISCONNECT without reason or properties means normal disconnection (3.14.2.1)") {
  for (const std::string tail : {"", "00", "00 00"}) {
    const auto packet = std::get<Disconnect>(decoded("E0" + tail, Version::v5));
    CHECK(packet.reason == ReasonCode::success);
    CHECK(packet.properties.empty());
  }
}

TEST_CASE("[MQTT-3.14.2-1] a DISCONNECT with a reason code of another packet is an error") {
  CHECK(refusal("E0 01", Version::v5) == kProtocolError);
  CHECK(refusal("E0 05", Version::v5) == kProtocolError);
  CHECK(refusal("E0 86", Version::v5) == kProtocolError);
}

TEST_CASE("[MQTT-3.15.2-1] an AUTH with a reason code of another packet is a protocol error") {
  CHECK(refusal("F0 01 04 15 0001 'm'", Version::v5) == kProtocolError);
  CHECK(refusal("F0 87 04 15 0001 'm'", Version::v5) == kProtocolError);
}

TEST_CASE("an AUTH without an Authentication Method is a protocol error (3.15.2.2.2)") {
  CHECK(refusal("F0 18 00", Version::v5) == kProtocolError);
  CHECK(refusal("F0 18 04 16 0001 'd'", Version::v5) == kProtocolError);
}

TEST_CASE("an AUTH may leave out reason and properties only together (3.15.2.1)") {
  CHECK(std::get<Auth>(decoded("F0", Version::v5)).reason == ReasonCode::success);
  CHECK(refusal("F0 18", Version::v5) == kMalformed);
}

}  // namespace
}  // namespace tandemq::mqtt
