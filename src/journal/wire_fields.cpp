#include "journal/wire_fields.hpp"

#include <cstring>

namespace tandemq {
namespace {

std::uint64_t number_of(Instant at) {
  return at.is_never() || at.ms < 0 ? 0 : static_cast<std::uint64_t>(at.ms);
}

}  // namespace

void StagedWriter::varint_bytes(ByteView value) {
  varint(value.size());
  make_room(value.size());
  if (value.size() > staged_.size()) return out_.bytes(value);
  if (value.empty()) return;
  std::memcpy(staged_.data() + size_, value.data(), value.size());
  size_ += value.size();
}

void StagedWriter::flush() {
  out_.bytes({staged_.data(), size_});
  size_ = 0;
}

void write_instant(Writer& writer, Instant at) {
  writer.varint(number_of(at));
}

void write_instant(StagedWriter& writer, Instant at) {
  writer.varint(number_of(at));
}

Instant read_instant(Reader& reader) {
  const std::uint64_t ms = reader.varint();
  if (ms > INT64_MAX) reader.fail();
  return ms == 0 || !reader.ok() ? Instant::never() : Instant{static_cast<std::int64_t>(ms)};
}

mqtt::QoS read_qos(Reader& reader, unsigned bits) {
  if (bits > 2) reader.fail();
  return static_cast<mqtt::QoS>(reader.ok() ? bits : 0);
}

std::uint32_t read_u32(Reader& reader) {
  const std::uint64_t value = reader.varint();
  if (value > UINT32_MAX) reader.fail();
  return reader.ok() ? static_cast<std::uint32_t>(value) : 0;
}

std::uint16_t read_u16(Reader& reader) {
  const std::uint64_t value = reader.varint();
  if (value > UINT16_MAX) reader.fail();
  return reader.ok() ? static_cast<std::uint16_t>(value) : std::uint16_t{0};
}

SessionId read_session(Reader& reader) {
  const auto id = static_cast<SessionId>(read_u32(reader));
  if (id == SessionId::none) reader.fail();
  return id;
}

}  // namespace tandemq
