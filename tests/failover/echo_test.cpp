#include "failover/echo.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

constexpr std::uint64_t kNonce = 0x1122334455667788;

// As a gateway does it.
std::string answered(std::string packet, EchoFamily family) {
  packet[0] = static_cast<char>(family == EchoFamily::v4 ? 0 : 129);
  return packet;
}

}  // namespace

TEST_CASE("an echo request has the bytes of RFC 792, and a checksum that makes the sum whole") {
  const std::string packet = echo_request(EchoFamily::v4, kNonce, 9);
  REQUIRE(packet.size() == kEchoSize);
  Reader reader(packet);
  CHECK(reader.u8() == 8);
  CHECK(reader.u8() == 0);
  reader.u16();
  CHECK(reader.u16() == 0x7788);
  CHECK(reader.u16() == 9);
  CHECK(reader.u64() == kNonce);
  CHECK(reader.u64() == 9);
  std::uint32_t sum = 0;
  for (Reader words(packet); words.size() > 0;) sum += words.u16();
  while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16U);
  CHECK(sum == 0xFFFF);
  CHECK(echo_request(EchoFamily::v6, kNonce, 9)[0] == '\x80');
}

TEST_CASE("an answer is known by its nonce, with or without the header of the packet") {
  for (const EchoFamily family : {EchoFamily::v4, EchoFamily::v6}) {
    const std::string packet = answered(echo_request(family, kNonce, 9), family);
    CHECK(read_echo_reply(family, kNonce, packet) == 9);
    CHECK_FALSE(read_echo_reply(family, kNonce + 1, packet));
    CHECK_FALSE(read_echo_reply(family, kNonce, packet + "x"));
    CHECK_FALSE(read_echo_reply(family, kNonce, packet.substr(1)));
    CHECK_FALSE(read_echo_reply(family, kNonce, echo_request(family, kNonce, 9)));
    CHECK_FALSE(read_echo_reply(family, kNonce, ""));
  }
  const std::string packet = answered(echo_request(EchoFamily::v4, kNonce, 9), EchoFamily::v4);
  CHECK(read_echo_reply(EchoFamily::v4, kNonce,
                        std::string(1, '\x45') + std::string(19, 'h') + packet) == 9);
  CHECK_FALSE(read_echo_reply(EchoFamily::v4, kNonce, "\x4F"));
  std::string refused = packet;
  refused[1] = 1;
  CHECK_FALSE(read_echo_reply(EchoFamily::v4, kNonce, refused));
}
