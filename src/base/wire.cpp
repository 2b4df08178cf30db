#include "base/wire.hpp"

#include "base/ensure.hpp"

namespace tandemq {

std::uint32_t Reader::u32() {
  if (!need(4)) return 0;
  const std::uint32_t high = u16();
  return (high << 16U) | u16();
}

std::uint64_t Reader::u64() {
  if (!need(8)) return 0;
  const std::uint64_t high = u32();
  return (high << 32U) | u32();
}

std::uint32_t Reader::long_variable_u32() {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    const std::uint32_t byte = u8();
    value |= (byte & 0x7FU) << shift;
    if ((byte & 0x80U) != 0) continue;
    if (byte == 0 && shift > 0) fail();  // The minimum number of bytes [MQTT-1.5.5-1].
    return ok_ ? value : 0;
  }
  fail();
  return 0;
}

std::uint64_t Reader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint64_t byte = u8();
    if (shift == 63 && byte > 1) break;
    value |= (byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return ok_ ? value : 0;
  }
  fail();
  return 0;
}

ByteView Reader::varint_bytes() {
  const std::uint64_t size = varint();
  if (size > rest_.size()) fail();
  return bytes(ok_ ? static_cast<std::size_t>(size) : 0);
}

void Writer::u16(std::uint16_t value) {
  const char raw[2] = {static_cast<char>(value >> 8U), static_cast<char>(value)};
  out_.append(raw, sizeof raw);
}

void Writer::u32(std::uint32_t value) {
  const char raw[4] = {static_cast<char>(value >> 24U), static_cast<char>(value >> 16U),
                       static_cast<char>(value >> 8U), static_cast<char>(value)};
  out_.append(raw, sizeof raw);
}

void Writer::u64(std::uint64_t value) {
  char raw[8];
  for (unsigned i = 0; i < sizeof raw; ++i) raw[i] = static_cast<char>(value >> (56U - 8U * i));
  out_.append(raw, sizeof raw);
}

void Writer::variable_u32(std::uint32_t value) {
  ENSURE(value <= kVariableU32Max, "a variable byte integer has at most 28 bits");
  varint(value);
}

void Writer::long_varint(std::uint64_t value) {
  char raw[10];
  std::size_t size = 0;
  for (; value >= 0x80U; value >>= 7U) raw[size++] = static_cast<char>(value | 0x80U);
  raw[size++] = static_cast<char>(value);
  out_.append(raw, size);
}

void Writer::u16_bytes(ByteView value) {
  ENSURE(value.size() <= 0xFFFFU, "a length of two bytes holds at most 65,535");
  u16(static_cast<std::uint16_t>(value.size()));
  bytes(value);
}

void Writer::varint_bytes(ByteView value) {
  varint(value.size());
  bytes(value);
}

}  // namespace tandemq
