// The field types that messages and mutations share in their bytes.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "base/wire.hpp"
#include "mqtt/packet.hpp"

#include <array>

namespace tandemq {

// Gathers small fields, so that the string they go to grows once for many of them. All has arrived
// there when the life of this ends, not before.
class StagedWriter {
 public:
  explicit StagedWriter(Writer& out) : out_(out) {}
  ~StagedWriter() { flush(); }
  StagedWriter(const StagedWriter&) = delete;
  StagedWriter& operator=(const StagedWriter&) = delete;

  void u8(std::uint8_t value) {
    make_room(1);
    put(value);
  }
  void varint(std::uint64_t value) {
    make_room(kVarintMax);
    for (; value >= 0x80U; value >>= 7U) put(value | 0x80U);
    put(value);
  }
  void varint_bytes(ByteView value);

 private:
  static constexpr std::size_t kVarintMax = 10;

  void make_room(std::size_t size) {
    if (size_ + size > staged_.size()) flush();
  }
  void put(std::uint64_t byte) { staged_[size_++] = static_cast<char>(byte); }
  void flush();

  Writer& out_;
  std::size_t size_ = 0;
  std::array<char, 256> staged_;  // Only what is below size_ is ever read.
};

// 0 stands for never, so that the common case takes one byte.
void write_instant(Writer& writer, Instant at);
void write_instant(StagedWriter& writer, Instant at);
Instant read_instant(Reader& reader);

mqtt::QoS read_qos(Reader& reader, unsigned bits);  // Fails the reader above 2.
std::uint32_t read_u32(Reader& reader);             // A varint of at most 32 bits.
std::uint16_t read_u16(Reader& reader);             // A varint of at most 16 bits.
SessionId read_session(Reader& reader);             // Never none.

}  // namespace tandemq
