#include "failover/wake.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace tandemq::failover {
namespace {

std::string hex(const auto& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace

TEST_CASE("the segment for a client over IPv4 is a bare ACK with its checksum") {
  FourTuple client;
  client.ours = {{192, 0, 2, 10}, 1'883};
  client.theirs = {{192, 0, 2, 3}, 40'001};
  CHECK(hex(ack_segment(client, 0x12345678)) ==
        "075b9c4112345678000000005010"
        "0000"
        "1f7e0000");
}

TEST_CASE("the segment for a client over IPv6 is a bare ACK with its checksum") {
  FourTuple client;
  client.is_v6 = true;
  client.ours = {{0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 8'883};
  client.theirs = {{0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}, 40'002};
  CHECK(hex(ack_segment(client, 0)) ==
        "22b39c4200000000000000005010"
        "0000"
        "956a0000");
}

TEST_CASE("the sums that carry into the upper half are folded until none does") {
  FourTuple client;
  client.is_v6 = true;
  client.ours.address.fill(0xFF);
  client.ours.port = 0xFFFF;
  client.theirs = client.ours;
  CHECK(hex(ack_segment(client, 0xFFFFFFFF)) ==
        "ffffffffffffffff000000005010"
        "0000"
        "afd50000");
}

}  // namespace tandemq::failover
