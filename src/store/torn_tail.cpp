#include "store/torn_tail.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tandemq {
namespace {

constexpr std::size_t kBlockSize = 32'768;
constexpr std::size_t kHeaderSize = 7;
constexpr std::uint8_t kWhole = 1;
constexpr std::uint8_t kFirst = 2;
constexpr std::uint8_t kLast = 4;

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  constexpr std::uint32_t kCastagnoliReversed = 0x82F63B78U;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) * kCastagnoliReversed);
    table[i] = crc;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kCrcTable = make_crc_table();

std::uint32_t masked_crc(ByteView bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes)
    crc = kCrcTable[(crc ^ static_cast<std::uint8_t>(byte)) & 0xFFU] ^ (crc >> 8U);
  crc = ~crc;
  return ((crc >> 15U) | (crc << 17U)) + 0xA282EAD8U;
}

std::uint32_t little_endian(ByteView bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i)
    value = value << 8U | static_cast<std::uint8_t>(bytes[i - 1]);
  return value;
}

struct Part {
  std::uint8_t type = 0;
  std::size_t size = 0;
};

// The part of an entry that begins here, if a sound one does.
std::optional<Part> part_at(ByteView log, std::size_t at) {
  const std::size_t left = std::min(kBlockSize - at % kBlockSize, log.size() - at);
  if (left < kHeaderSize) return std::nullopt;
  const ByteView header = log.substr(at, kHeaderSize);
  const std::size_t data_size = little_endian(header.substr(4, 2));
  const auto type = static_cast<std::uint8_t>(header[6]);
  if (type < kWhole || type > kLast || kHeaderSize + data_size > left) return std::nullopt;
  const ByteView sealed = log.substr(at + 6, 1 + data_size);
  if (little_endian(header.substr(0, 4)) != masked_crc(sealed)) return std::nullopt;
  return Part{type, kHeaderSize + data_size};
}

bool none_from(ByteView log, std::size_t at) {
  for (; at < log.size(); ++at)
    if (part_at(log, at)) return false;
  return true;
}

}  // namespace

std::optional<std::size_t> torn_tail(ByteView log) {
  std::size_t at = 0;
  std::size_t entry = 0;  // Where the entry of the part at `at` begins.
  while (at < log.size()) {
    const std::size_t left = kBlockSize - at % kBlockSize;
    if (left < kHeaderSize) {
      if (entry == at) entry += left;
      at += left;
      continue;
    }
    const std::optional<Part> part = part_at(log, at);
    if (!part) break;
    if (part->type == kWhole || part->type == kFirst) entry = at;
    at += part->size;
    if (part->type == kWhole || part->type == kLast) entry = at;
  }
  if (entry >= log.size() || !none_from(log, at)) return std::nullopt;
  return entry;
}

}  // namespace tandemq
