#include "failover/echo.hpp"

namespace tandemq {
namespace {

constexpr std::uint8_t kRequest4 = 8;
constexpr std::uint8_t kReply4 = 0;
constexpr std::uint8_t kRequest6 = 128;
constexpr std::uint8_t kReply6 = 129;
constexpr std::size_t kChecksumAt = 2;

// RFC 1071: the ones' complement of the sum of all 16-bit words.
std::uint16_t internet_checksum(ByteView bytes) {
  std::uint32_t sum = 0;
  for (Reader reader(bytes); reader.size() >= 2;) sum += reader.u16();
  while (sum > UINT16_MAX) sum = (sum & UINT16_MAX) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

// Version and size of the header stand in its first byte.
ByteView without_ip_header(ByteView packet) {
  const auto first = packet.empty() ? 0U : static_cast<std::uint8_t>(packet.front());
  if (first >> 4U != 4) return packet;
  const std::size_t size = 4 * (first & 0x0FU);
  return size <= packet.size() ? packet.substr(size) : ByteView();
}

}  // namespace

std::string echo_request(EchoFamily family, std::uint64_t nonce, std::uint64_t number) {
  std::string packet;
  Writer writer(packet);
  writer.u8(family == EchoFamily::v4 ? kRequest4 : kRequest6);
  writer.u8(0);
  writer.u16(0);
  writer.u16(static_cast<std::uint16_t>(nonce));
  writer.u16(static_cast<std::uint16_t>(number));
  writer.u64(nonce);
  writer.u64(number);
  if (family == EchoFamily::v6) return packet;
  std::string sum;
  Writer(sum).u16(internet_checksum(packet));
  return packet.replace(kChecksumAt, sum.size(), sum);
}

std::optional<std::uint64_t> read_echo_reply(EchoFamily family, std::uint64_t nonce,
                                             ByteView packet) {
  const bool is_v4 = family == EchoFamily::v4;
  Reader reader(is_v4 ? without_ip_header(packet) : packet);
  const std::uint8_t type = reader.u8();
  const std::uint8_t code = reader.u8();
  reader.bytes(6);  // What the kernel has checked, and may have changed.
  const std::uint64_t theirs = reader.u64();
  const std::uint64_t number = reader.u64();
  const bool answers = type == (is_v4 ? kReply4 : kReply6) && code == 0 && theirs == nonce;
  return reader.done() && answers ? std::optional(number) : std::nullopt;
}

}  // namespace tandemq
