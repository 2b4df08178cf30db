#include "failover/wake.hpp"

namespace tandemq::failover {
namespace {

constexpr std::size_t kChecksumAt = 16;
constexpr std::uint8_t kWordsOfHeader = 5U << 4U;
constexpr std::uint8_t kAckFlag = 0x10;
constexpr std::uint32_t kTcp = 6;  // The protocol's number.

using Segment = std::array<std::uint8_t, kTcpHeaderBytes>;

void put(Segment& segment, std::size_t at, std::uint32_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    segment[at + i] = static_cast<std::uint8_t>(value >> 8U * (size - 1 - i));
}

// The sum of 16-bit numbers; all sizes here are even.
template <class Bytes>
std::uint32_t sum_of(const Bytes& bytes, std::size_t size) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < size; i += 2)
    sum += static_cast<std::uint32_t>(bytes[i] << 8U | bytes[i + 1]);
  return sum;
}

// Over the pseudo-header too: RFC 9293 3.1, RFC 8200 8.1; its length has 32 bits for IPv6, and
// below 65,536 they sum up as 16 do.
std::uint32_t checksum_of(const FourTuple& client, const Segment& segment) {
  const std::size_t size = client.is_v6 ? 16 : 4;
  std::uint32_t sum = sum_of(client.ours.address, size) + sum_of(client.theirs.address, size) +
                      kTcp + static_cast<std::uint32_t>(segment.size()) +
                      sum_of(segment, segment.size());
  while (sum > 0xFFFF) sum = (sum >> 16U) + (sum & 0xFFFFU);
  return ~sum & 0xFFFFU;
}

}  // namespace

Segment ack_segment(const FourTuple& client, std::uint32_t sequence) {
  Segment segment{};
  put(segment, 0, client.ours.port, 2);
  put(segment, 2, client.theirs.port, 2);
  put(segment, 4, sequence, 4);
  segment[12] = kWordsOfHeader;
  segment[13] = kAckFlag;
  put(segment, kChecksumAt, checksum_of(client, segment), 2);
  return segment;
}

}  // namespace tandemq::failover
