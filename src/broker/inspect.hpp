// Inspect: what an operator may see of a running broker, as plain values that another thread can
// turn into text. Nothing here changes anything. Whatever may be long comes in pages: a page looks
// at a bounded number of things, so that a million sessions do not hold up the core thread.
#pragma once

#include "broker/counters.hpp"
#include "broker/drops.hpp"
#include "broker/turn.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

inline constexpr std::size_t kPageRows = 1'000;     // The most that a page holds.
inline constexpr std::size_t kPageVisits = 10'000;  // The most that it looks at.

struct StatusReport {
  std::string node_id;
  std::int64_t uptime_ms = 0;
  std::size_t connections = 0;
  std::size_t sessions = 0;
  std::size_t subscriptions = 0;
  std::size_t filters = 0;  // Distinct ones.
  std::size_t retained_count = 0;
  std::uint64_t retained_bytes = 0;
  std::size_t wills = 0;
  std::size_t messages_stored = 0;  // Bodies that the log still holds.
  std::uint64_t queued_count = 0;
  std::uint64_t inflight_count = 0;
  std::size_t publishers_blocked = 0;
  CommitLevel level{};                 // At which the node acknowledges.
  std::vector<std::string> ack_rules;  // What does so at another one.
  std::uint64_t dropped = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(DropReason::count)> drops{};  // By reason.
  Counters counters;
  std::array<std::uint64_t, kLimits> limit_hits{};
  Pressure pressure{};  // Of the memory.
  std::size_t publishers_held = 0;
  std::uint64_t memory_max_bytes = 0;
};
StatusReport inspect_status(const World& world, Instant now);

// A client that is connected.
struct ClientReport {
  std::string client_id;
  std::string user_name;
  std::string address;
  std::string listener;
  std::string_view protocol;  // "3.1", "3.1.1" or "5.0"
  Instant connected_at;
  Instant received_at;  // The last packet of it.
  std::uint16_t keep_alive_s = 0;
  std::uint32_t session_expiry_s = 0;
  bool blocked = false;  // It waits for room in the queue of somebody else.
  std::size_t inflight_count = 0;
  std::size_t queued_count = 0;
  std::uint64_t queued_bytes = 0;
  std::size_t subscriptions = 0;
  AckPolicy::Choice ack;
  std::uint64_t received_count = 0;  // PUBLISH packets on this connection.
  std::uint64_t sent_count = 0;
  bool held = false;                  // Not read from for lack of memory.
  std::uint32_t throttled_count = 0;  // Pauses for limits.message_rate and byte_rate.
  std::int64_t throttled_ms = 0;
};

// A session, connected or not.
struct SessionReport {
  std::string client_id;
  std::string user_name;
  bool connected = false;
  bool durable = false;  // It outlives its connection.
  std::uint32_t expiry_s = 0;
  Instant opened_at;
  Instant suspended_at;  // Never while it is connected.
  Instant expires_at;    // Never, or when it ends if nobody comes back.
  std::size_t inflight_count = 0;
  std::size_t queued_count = 0;
  std::uint64_t queued_bytes = 0;
  std::size_t subscriptions = 0;
  std::size_t incoming_count = 0;  // QoS 2 messages taken and not released.
};

// Where a walk over the sessions has come; session ids are walked in their order.
struct SessionCursor {
  std::uint32_t next = 0;
  bool done = false;
};
std::vector<ClientReport> list_clients(const World& world, SessionCursor& cursor);
std::vector<SessionReport> list_sessions(const World& world, SessionCursor& cursor);
std::optional<ClientReport> inspect_client(const World& world, std::string_view client_id);
std::optional<SessionReport> inspect_session(const World& world, std::string_view client_id);

struct SubscriptionReport {
  std::string client_id;
  std::string filter;
  std::uint32_t identifier = 0;
  SubscriptionOptions options;
  bool granted = true;  // By the rules in force; else it gives nothing.
};
struct SubscriptionCursor {
  SessionCursor session;
  std::string after;  // Within the session: the filter that was the last.
};
std::vector<SubscriptionReport> list_subscriptions(const World& world, SubscriptionCursor& cursor);
// Those of one client; `cursor.after` moves, and `cursor.session.done` when it has no more.
std::vector<SubscriptionReport> list_subscriptions_of(const World& world,
                                                      std::string_view client_id,
                                                      SubscriptionCursor& cursor);

// The retained messages that the filter matches, in the order of their topics.
std::vector<MessageRef> list_retained(const World& world, std::string_view filter,
                                      TopicCursor& cursor);

// One delivery that a session waits for or has in flight.
struct DeliveryReport {
  std::uint64_t sequence = 0;
  DeliveryPhase phase = DeliveryPhase::queued;
  std::uint16_t packet_id = 0;
  mqtt::QoS qos{};
  MessageId id{};      // None once released, and of a message that is not in the log.
  MessageRef message;  // Null once released, and while it is on disk only.
};
// Oldest first, from the `skip`-th on, at most `limit` and a page.
std::vector<DeliveryReport> peek_queue(const Session& session, std::size_t skip, std::size_t limit);

// The records of dropped messages from `since` on, at most a page; `since` moves behind them.
// `client_id` empty: of all.
std::vector<Drop> list_drops(const World& world, std::string_view client_id, std::uint64_t& since);

}  // namespace tandemq
