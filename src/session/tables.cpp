#include "session/tables.hpp"

#include "base/checksum.hpp"

#include <array>
#include <utility>

namespace tandemq {
namespace {

constexpr std::size_t kChecksumSize = 4;
constexpr std::string_view kStateKey = "state";

std::uint32_t row_checksum(Table table, ByteView key, ByteView bytes) {
  const std::uint64_t of_key = checksum(key, static_cast<std::uint64_t>(table));
  return static_cast<std::uint32_t>(checksum(bytes, of_key));
}

}  // namespace

std::string_view name(Table table) {
  constexpr std::array<std::string_view, kTableCount> kNames = {
      "meta", "sessions", "subscriptions", "messages", "queue", "retained", "wills"};
  return kNames[static_cast<std::size_t>(table)];
}

std::string seal_row(Table table, ByteView key, ByteView fields) {
  std::string value;
  value.reserve(fields.size() + 1 + kChecksumSize);
  Writer writer(value);
  writer.u8(kTableFormat);
  writer.bytes(fields);
  writer.u32(row_checksum(table, key, value));
  return value;
}

Result<ByteView> open_row(Table table, ByteView key, ByteView value) {
  if (value.size() < 1 + kChecksumSize) return failure("cut short");
  const ByteView sealed = value.substr(0, value.size() - kChecksumSize);
  Reader tail(value.substr(sealed.size()));
  if (tail.u32() != row_checksum(table, key, sealed)) return failure("checksum does not match");
  const auto format = static_cast<std::uint8_t>(sealed.front());
  if (format != kTableFormat)
    return failure("format " + std::to_string(format) + " is not known; " +
                   std::to_string(kTableFormat) + " is");
  return sealed.substr(1);
}

std::string message_key(MessageId id) {
  std::string key;
  Writer(key).u64(number(id));
  return key;
}

TableRow message_row(const Message& message) {
  std::string fields;
  Writer writer(fields);
  write_message(writer, message);
  std::string key = message_key(message.id);
  std::string value = seal_row(Table::messages, key, fields);
  return {Table::messages, std::move(key), std::move(value)};
}

Result<MessageRef> read_message_row(ByteView key, ByteView value) {
  const auto fields = open_row(Table::messages, key, value);
  if (!fields) return tl::unexpected(fields.error());
  Reader reader(*fields);
  auto message = std::make_shared<Message>(read_message(reader));
  if (!reader.done() || message_key(message->id) != key)
    return failure("the fields are not those of this message");
  return MessageRef(std::move(message));
}

Result<MessageId> read_retained_row(ByteView topic, ByteView value) {
  const auto fields = open_row(Table::retained, topic, value);
  if (!fields) return tl::unexpected(fields.error());
  Reader reader(*fields);
  const auto id = static_cast<MessageId>(reader.varint());
  if (!reader.done()) return failure("the fields are not those of a retained message");
  return id;
}

TableRow tables_at_row(const TablesAt& at) {
  std::string fields;
  Writer writer(fields);
  writer.u64(at.position.term.counter);
  writer.u64(at.position.term.node);
  writer.u64(at.position.lsn);
  writer.u64(at.position.chain);
  writer.u64(number(at.next_message_id));
  for (const TermBegin& begin : at.terms) {
    writer.varint(begin.term.counter);
    writer.u64(begin.term.node);
    writer.varint(begin.first);
  }
  return {Table::meta, std::string(kStateKey), seal_row(Table::meta, kStateKey, fields)};
}

Result<TablesAt> read_tables_at(ByteView key, ByteView value) {
  const auto fields = open_row(Table::meta, key, value);
  if (!fields) return tl::unexpected(fields.error());
  Reader reader(*fields);
  TablesAt at;
  at.position.term.counter = reader.u64();
  at.position.term.node = reader.u64();
  at.position.lsn = reader.u64();
  at.position.chain = reader.u64();
  at.next_message_id = static_cast<MessageId>(reader.u64());
  while (reader.ok() && !reader.done() && at.terms.size() < kTermsKept) {
    TermBegin begin;
    begin.term.counter = reader.varint();
    begin.term.node = reader.u64();
    begin.first = reader.varint();
    at.terms.push_back(begin);
  }
  if (!reader.done() || key != kStateKey) return failure("the fields are not those of the tables");
  return at;
}

}  // namespace tandemq
