// Tables: the State as rows, so that recovery begins from what is alive and not from the beginning
// of the log. The log is the truth; the tables are what it says at one position, `tables_at`, and
// lag behind it. TableChanges is what leads from one position to a later one.
//
//   table          key                                fields of the value
//   meta           "state"                            position, next message id, terms
//   sessions       u32 session                        client id, user, expiry, times, incoming ids
//   subscriptions  u32 session | filter               options, identifier
//   messages       u64 message                        the message
//   queue          u32 session | u64 sequence         message, share, packet id, QoS, phase, ids
//   retained       topic                              message
//   wills          client id                          the will, when it is due
//
// Every value is: u8 format | fields | u32 checksum of table, key and all before. Numbers in keys
// are big-endian, so that the queue of a session is one range, oldest first.
// Plain values; the functions are pure.
#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/wire.hpp"
#include "journal/message.hpp"
#include "journal/record.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

inline constexpr std::uint8_t kTableFormat = 1;

// In the order in which they have to be loaded: a row refers to rows of earlier tables only.
enum class Table : std::uint8_t {
  meta,
  sessions,
  subscriptions,
  messages,
  queue,
  retained,
  wills,
  count
};
inline constexpr std::size_t kTableCount = static_cast<std::size_t>(Table::count);

std::string_view name(Table table);

struct TableRow {
  Table table{};
  std::string key;
  std::string value;
};

struct TableKey {
  Table table{};
  std::string key;
};

// Every key from `begin` on, without `end`; never empty or inverted.
struct TableRange {
  Table table{};
  std::string begin;
  std::string end;
};

// Carried out as one, in this order: ranges, deletes, puts and bodies.
struct TableChanges {
  Position at;  // Where the tables stand afterwards; a row of meta says so too.
  std::vector<TableRange> ranges;
  std::vector<TableKey> deletes;  // Of rows that may not be there.
  std::vector<TableRow> puts;
  std::vector<MessageRef> bodies;  // Rows of Table::messages, made by whoever writes them.
};

std::string seal_row(Table table, ByteView key, ByteView fields);
// The fields. The error says what is wrong: the format, or the checksum.
Result<ByteView> open_row(Table table, ByteView key, ByteView value);

std::string message_key(MessageId id);
TableRow message_row(const Message& message);
Result<MessageRef> read_message_row(ByteView key, ByteView value);

Result<MessageId> read_retained_row(ByteView topic, ByteView value);

// The row of meta, key "state".
struct TablesAt {
  Position position;
  MessageId next_message_id{1};
  TermHistory terms;
};
TableRow tables_at_row(const TablesAt& at);
Result<TablesAt> read_tables_at(ByteView key, ByteView value);

}  // namespace tandemq
