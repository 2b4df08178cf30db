// Explain: why a client has or has not got its messages, in rows and sentences that a person can
// act on. present_of() looks at the broker, in a bounded time; all else works on values and may run
// on any thread. Nothing here changes anything.
#pragma once

#include "broker/history.hpp"
#include "broker/inspect.hpp"
#include "broker/log_trail.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

// Where a client and what is on its way to it stand.
struct Present {
  std::string client_id;
  Instant now;
  std::optional<SessionReport> session;  // Nothing: it has none.
  std::optional<ClientReport> client;    // Nothing: it is not connected.
  std::vector<DeliveryReport> inflight;  // The oldest.
  std::optional<DeliveryReport> oldest;  // That waits.
  bool oldest_on_disk = false;
  std::uint32_t receive_maximum = 0;  // Of the connection.
  std::uint32_t inflight_max = 0;     // limits.max_inflight
  std::uint32_t outstanding = 0;      // In flight on this connection.
  std::uint32_t queued_max = 0;
  bool queue_full = false;
  bool queue_qos0 = false;
  bool disk_low = false;
  std::optional<bool> may_receive;  // The topic that was asked for; nothing: none was.
  HistoryCursor cursor;             // To go on with History::page().
  Lsn next_lsn = 0;
  SessionId session_id{};
};

// `topic` empty: none in particular.
Present present_of(const World& world, const std::string& client_id, const std::string& topic,
                   Instant now);

// Both, oldest first: what is in both is one row, which has its lsn from the log. `ring` comes
// newest first, as History gives it. Acknowledgements get the topic of what they acknowledge.
std::vector<HistoryRow> merge(std::vector<HistoryRow> ring, const std::deque<HistoryRow>& log);

// Whether a row about messages is about this topic; all others are about every topic.
bool concerns(const HistoryRow& row, std::string_view topic);

// What the row's number, detail and text say beyond its columns; empty if nothing.
std::string detail_of(const HistoryRow& row);
bool is_about_message(Happening what);  // Its text is a topic.

// What follows: sentences. `show` makes a time readable.
using ShowTime = std::string (*)(std::int64_t ms);
std::vector<std::string> conclude(const Present& present, const std::vector<HistoryRow>& rows,
                                  ShowTime show);
// Whether its subscriptions, those whose filters match, let a message of the topic through.
std::vector<std::string> conclude_topic(const Present& present, const std::string& topic,
                                        const std::vector<SubscriptionReport>& matching);

}  // namespace tandemq
