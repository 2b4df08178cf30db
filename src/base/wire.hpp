// Reader and Writer: big-endian fields of a byte string, as MQTT, our log and our replication
// frames use them. The Reader is sticky: after the first field that does not fit, everything it
// returns is zero or empty and ok() is false, so a parser reads all fields and asks once. Neither
// ever throws or reads outside its view. Owner: whoever holds it; not shared between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tandemq {

using ByteView = std::string_view;  // Bytes, not text.

class Reader {
 public:
  explicit Reader(ByteView input) : rest_(input) {}

  std::uint8_t u8() { return need(1) ? take() : std::uint8_t{0}; }
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  // 1 to 4 bytes of 7 bits, low first [MQTT-1.5.5-1]; a longer form than needed is an error.
  std::uint32_t variable_u32() { return is_short() ? take() : long_variable_u32(); }
  // 1 to 10 bytes of 7 bits, low first: LEB128, for our own formats.
  std::uint64_t varint();
  ByteView bytes(std::size_t size);
  ByteView u16_bytes();     // 2 bytes of length, then the bytes.
  ByteView varint_bytes();  // A varint of length, then the bytes.
  ByteView remaining();     // All that is left.
  void fail() { ok_ = false, rest_ = {}; }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return ok_ && rest_.empty(); }  // Everything read, all fit.
  [[nodiscard]] std::size_t size() const { return rest_.size(); }   // Bytes left.

 private:
  bool need(std::size_t size) { return rest_.size() >= size || (fail(), false); }
  [[nodiscard]] bool is_short() const { return !rest_.empty() && (rest_.front() & 0x80) == 0; }
  std::uint8_t take();
  std::uint32_t long_variable_u32();

  ByteView rest_;
  bool ok_ = true;
};

inline std::uint8_t Reader::take() {
  const auto value = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return value;
}

inline std::uint16_t Reader::u16() {
  if (!need(2)) return 0;
  const unsigned high = take();
  return static_cast<std::uint16_t>((high << 8U) | take());
}

inline ByteView Reader::bytes(std::size_t size) {
  if (!need(size)) return {};
  const ByteView value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return value;
}

inline ByteView Reader::u16_bytes() {
  const std::size_t size = u16();
  return bytes(size);
}

inline ByteView Reader::remaining() {
  return bytes(rest_.size());
}

// Appends to a string that the caller owns, so that a buffer is reused across many writes.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);
  void variable_u32(std::uint32_t value);  // At most 268,435,455.
  void varint(std::uint64_t value) {
    value < 0x80U ? u8(static_cast<std::uint8_t>(value)) : long_varint(value);
  }
  void bytes(ByteView value) { out_.append(value); }
  void u16_bytes(ByteView value);  // At most 65,535 bytes.
  void varint_bytes(ByteView value);

 private:
  void long_varint(std::uint64_t value);

  std::string& out_;
};

constexpr std::size_t variable_u32_size(std::uint32_t value) {
  return value < 128U ? 1 : value < 16384U ? 2 : value < 2097152U ? 3 : 4;
}
constexpr std::uint32_t kVariableU32Max = 268435455;

}  // namespace tandemq
