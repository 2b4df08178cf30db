// Line: one line of an export, a JSON object whose "type" says what it describes. A file of lines
// is the whole durable state of a broker in a form that people and other programs can read.
// A header comes first, a session before what names its client, a message before what names its
// id and best right before it, and the deliveries of a session stand in their order.
//
//   header        format, source, exported_at
//   session       client, user, expiry_s, opened_at, suspended_at, incoming: [packet id, ...]
//   subscription  client, filter, qos, no_local, retain_as_published, retain_handling, identifier
//   message       id, topic, payload, qos, retain, properties, published_at, expires_at, publisher
//   queued        client, message, qos, retain, packet_id, released, identifiers, share
//   retained      message
//   will          client, user, delay_s, message_expiry_s, at, topic, payload, qos, retain,
//                 properties
//
// A time is in milliseconds since the epoch and absent if it is never; what is not text has
// _base64 at the end of its key. Plain values; the functions are pure.
#pragma once

#include "admin/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "journal/mutation.hpp"
#include "topic/subscription.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tandemq {

inline constexpr std::uint32_t kLineFormat = 1;

struct HeaderLine {
  std::uint32_t format = kLineFormat;
  std::string source;  // The program and its version.
  Instant exported_at = Instant::never();
};

struct SessionLine {
  std::string client;
  std::string user;
  std::uint32_t expiry_s = 0;
  Instant opened_at = Instant::never();
  Instant suspended_at = Instant::never();  // Never: it was connected.
  std::vector<std::uint16_t> incoming;      // QoS 2 packet ids that are not released; sorted.
};

struct SubscriptionLine {
  std::string client;
  std::string filter;  // "$share/GROUP/FILTER" too.
  SubscriptionOptions options;
  std::uint32_t identifier = 0;
};

struct MessageLine {
  MessageRef message;  // Never null; has an id.
};

struct QueuedLine {
  std::string client;
  MessageId message = MessageId::none;  // None only if released.
  mqtt::QoS qos{};
  bool retain = false;
  std::uint16_t packet_id = 0;  // 0: waits for its turn.
  bool released = false;        // PUBREC has come; then QoS 2 with a packet id.
  SubscriptionIds identifiers;
  std::uint64_t share = 0;  // Key of the shared group; 0: none.
};

struct RetainedLine {
  MessageId message = MessageId::none;
};

struct WillLine {
  WillSet will;                   // Its message is never null and has no id and no times.
  Instant at = Instant::never();  // When it is due; never: its client was connected.
};

using Line = std::variant<HeaderLine, SessionLine, SubscriptionLine, MessageLine, QueuedLine,
                          RetainedLine, WillLine>;

// The error holds the line, the key and what is expected there.
Result<Line> parse_line(std::string_view text);
Json line_json(const Line& line);
std::string line_text(const Line& line);  // Without a line feed.
// The "type" of the lines with this Line::index().
std::string_view line_type(std::size_t index);

}  // namespace tandemq
