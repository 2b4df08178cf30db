#include "journal/message.hpp"

#include "journal/wire_fields.hpp"

namespace tandemq {
namespace {

constexpr std::uint8_t kRetain = 0x04;  // Bits 0 and 1 hold the QoS.

}  // namespace

void write_message(Writer& writer, const Message& message) {
  StagedWriter staged(writer);
  write_message(staged, message);
}

void write_message(StagedWriter& writer, const Message& message) {
  writer.varint(number(message.id));
  writer.u8(static_cast<std::uint8_t>(static_cast<unsigned>(message.qos) |
                                      (message.retain ? kRetain : 0U)));
  write_instant(writer, message.published_at);
  write_instant(writer, message.expires_at);
  writer.varint_bytes(message.topic);
  writer.varint_bytes(message.payload);
  writer.varint_bytes(message.forwarded);
  writer.varint_bytes(message.publisher);
}

Message read_message(Reader& reader) {
  Message message;
  message.id = static_cast<MessageId>(reader.varint());
  const std::uint8_t flags = reader.u8();
  message.qos = read_qos(reader, flags & 0x03U);
  message.retain = (flags & kRetain) != 0;
  message.published_at = read_instant(reader);
  message.expires_at = read_instant(reader);
  message.topic = reader.varint_bytes();
  message.payload = reader.varint_bytes();
  message.forwarded = reader.varint_bytes();
  message.publisher = reader.varint_bytes();
  return message;
}

}  // namespace tandemq
