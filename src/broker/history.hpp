// History: what has happened to each client lately, for `tandemqctl explain`: protocol events of
// fixed size in a ring, and their texts (topic, filter, address) in a ring of bytes, so that an
// event costs a few stores and no allocation. It is always on, and never grows.
//
// An event names a session by its id, which is used again after the session has ended: `ended`
// says whose it was and `opened` where it began, so a walk back in time always knows. What is
// answered in the same step, as usual, is one event: a publish_in was acknowledged with success
// unless an `answered` follows, a pubrec_in was answered by PUBREL, a pubrel_in by PUBCOMP.
// Owned by the broker's World; core thread.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "journal/record.hpp"
#include "mqtt/packet.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

// The text of the event, and what its detail is.
enum class Happening : std::uint8_t {
  opened,        // A new session. Address.
  resumed,       // The client is back. Address.
  refused,       // CONNECT was refused; no session. Client id; ReasonCode.
  suspended,     // The connection ended, the session waits. Why.
  ended,         // The session is gone. Client id.
  subscribed,    // Filter; ReasonCode of SUBACK.
  unsubscribed,  // Filter; ReasonCode of UNSUBACK.
  publish_in,    // Topic.
  answered,      // PUBACK or PUBREC to a publisher, not with success; ReasonCode.
  pubrel_in,
  publish_out,   // Topic; 1 with DUP.
  pubrel_out,    // Sent again after a reconnect.
  puback_in,     // ReasonCode.
  pubrec_in,     // ReasonCode.
  pubcomp_in,    // ReasonCode.
  acknowledged,  // By one of these; the log does not say which. Only in the log.
  queued,        // Topic; Wait.
  passed_over,   // QoS 0 for a client that is away. Topic.
  discarded,     // It left the queue; the log does not say why. Only in the log.
  dropped,       // Topic; DropReason.
};

std::string_view name(Happening what);

// Why a message was not sent at once.
enum class Wait : std::uint8_t {
  away,    // The client is not connected.
  behind,  // Others wait before it.
  window,  // As many are in flight as the client or limits.max_inflight allows.
  unsaid,  // It is known from the log alone.
};

// Where a text is: bits 63..8 where it begins, counted from the first text ever, 7..0 its size.
enum class HistoryText : std::uint64_t { none = 0 };

struct HistoryEvent {
  Instant at;
  MessageId message{};  // None if it is not in the log.
  HistoryText text{};
  std::uint32_t lsn = 0;  // Of the record it belongs to or, if there is none, of the next one.
  SessionId session{};
  std::uint32_t number = 0;  // Packet id; of `dropped` how many like it followed.
  Happening what{};
  std::uint8_t detail = 0;
  mqtt::QoS qos{};
};
static_assert(sizeof(HistoryEvent) <= 40);

// An event for somebody else: with its text, and independent of the ring.
struct HistoryRow {
  Instant at;
  Lsn lsn = 0;  // 0: it is not in the log.
  Happening what{};
  MessageId message{};
  std::uint32_t number = 0;
  std::uint8_t detail = 0;
  mqtt::QoS qos{};
  std::string text;
};

// Where a walk from the newest event to the oldest has come.
struct HistoryCursor {
  std::string client_id;
  SessionId session{};       // The client's at this point in time; none: it had no session.
  std::uint64_t before = 0;  // Number of the event that was looked at last.
  bool done = false;
  Instant oldest = Instant::never();  // When it happened; never: none was looked at.
};

class History {
 public:
  static constexpr std::size_t kTextMax = 255;  // Of one text; what is longer is cut.

  explicit History(std::size_t events_max) { keep_at_most(events_max); }

  // The next event, to be filled in; it takes the place of the oldest.
  HistoryEvent& append() { return events_[appended_++ & mask_]; }
  HistoryText put_text(std::string_view text);
  void keep_at_most(std::size_t events_max);  // 0: none. Forgets what it held if that changes it.
  // The event appended last.
  [[nodiscard]] HistoryEvent& last() { return events_[(appended_ - 1) & mask_]; }
  [[nodiscard]] bool empty() const { return size() == 0; }

  // Begins a walk; `session` is the one that the client has now.
  [[nodiscard]] HistoryCursor walk(std::string client_id, SessionId session) const;
  // The client's among the next `visits` events, newest first. `next_lsn` is that of the record in
  // the making.
  [[nodiscard]] std::vector<HistoryRow> page(HistoryCursor& cursor, std::size_t visits,
                                             Lsn next_lsn) const;

 private:
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::string_view text_at(HistoryText place) const;

  bool on_ = false;
  std::uint64_t mask_ = 0;  // Without events_max there is one place, which nobody reads.
  std::uint64_t appended_ = 0;
  std::unique_ptr<HistoryEvent[]> events_;
  std::uint64_t text_mask_ = 0;
  std::uint64_t texts_size_ = 0;   // Of all texts ever.
  std::unique_ptr<char[]> texts_;  // With room behind it, so that a text is never in two parts.
};

}  // namespace tandemq
