// State: everything the broker has to remember. apply() is the only way to change it, on the
// primary, on the standby, in recovery and in the simulator, so it is a function of the sequence of
// mutations; digest() proves it. Decisions are made elsewhere, on a const State.
// It also keeps the tables' books (session/tables.hpp): which rows have to be written, and which
// bodies are in memory. Neither is part of what it remembers.
// Owner: the role object; core thread.
#pragma once

#include "base/ids.hpp"
#include "journal/mutation.hpp"
#include "session/session.hpp"
#include "session/table_marks.hpp"
#include "session/tables.hpp"
#include "topic/slot_table.hpp"
#include "topic/subscription_index.hpp"
#include "topic/topic_tree.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tandemq {

// More sessions than anybody has; an id above it is damage.
inline constexpr std::size_t kSessionSlotsMax = 100'000'000;
inline constexpr std::uint64_t kRowsExpectedMax = 10'000'000;  // What is guessed costs no more.
inline constexpr std::size_t kDigestedEnds = 512;   // Deliveries at either end of a queue.
inline constexpr std::uint64_t kMessageDigest = 5;  // The kind of a message in State::digest().
std::uint64_t message_digest(const Message& message);

struct StoredWill {
  WillSet will;
  Instant at = Instant::never();  // When it is due; never while its client is connected.
};

class State {
 public:
  void apply(const Mutation& mutation);

  // Null if there is none.
  [[nodiscard]] const Session* session(SessionId id) const {
    return index(id) < sessions_.size() ? sessions_[index(id)].get() : nullptr;
  }
  [[nodiscard]] const Session* find_session(std::string_view client_id) const;
  [[nodiscard]] std::size_t session_count() const { return by_client_.size(); }
  [[nodiscard]] std::size_t durable_count() const { return durable_count_; }  // Of sessions.
  // Every session id in use is below this: a walk in pages goes from 1 to here.
  [[nodiscard]] std::size_t session_slots() const { return sessions_.size(); }
  void for_each_session(const std::function<void(const Session&)>& visit) const;
  [[nodiscard]] const SubscriptionIndex& subscriptions() const { return subscriptions_; }

  [[nodiscard]] const TopicTree& retained_topics() const { return retained_topics_; }
  // The message behind a value of retained_topics().
  [[nodiscard]] const MessageRef& retained(std::uint32_t slot) const { return retained_[slot]; }
  [[nodiscard]] MessageRef find_retained(std::string_view topic) const;
  [[nodiscard]] std::uint64_t retained_bytes() const { return retained_bytes_; }
  [[nodiscard]] const std::map<std::string, StoredWill, std::less<>>& wills() const {
    return wills_;
  }
  [[nodiscard]] std::size_t message_count() const { return messages_.size(); }
  [[nodiscard]] bool holds(MessageId id) const { return messages_.contains(id); }
  [[nodiscard]] const StoredMessage* stored(MessageId id) const;  // Null if it is gone.
  [[nodiscard]] std::uint64_t queued_count() const { return queued_count_; }
  [[nodiscard]] std::uint64_t inflight_count() const { return inflight_count_; }
  [[nodiscard]] const TermHistory& terms() const { return terms_; }

  // What a decision may take for something new.
  [[nodiscard]] SessionId free_session_id() const;
  [[nodiscard]] MessageId next_message_id() const { return next_message_id_; }

  // Of all that is durable: equal on two nodes that have applied the same log.
  [[nodiscard]] std::uint64_t digest() const;
  // Of the durable sessions from `first` to below `last`, with both ends of what waits for them,
  // and of the counts of all else: cheap enough to be compared while both nodes work.
  [[nodiscard]] std::uint64_t digest(std::size_t first, std::size_t last) const;
  // Its invariants; each violation is a sentence. Empty if all hold. Walks everything: for tests,
  // recovery and `store verify`.
  [[nodiscard]] std::vector<std::string> check() const;
  // Why the mutation cannot be applied, as a sentence; empty if it can. Of a log that is whole
  // every one can; behind a damaged record some cannot.
  [[nodiscard]] std::string objection_to(const Mutation& mutation) const;

  // ---- The tables.
  [[nodiscard]] const TableMarks& marks() const { return marks_; }
  // What leads the tables from the last collection to this State, which stands at `at`. One
  // collection at a time: the next one after tables_written().
  [[nodiscard]] TableChanges collect_changes(const Position& at);
  // Nothing is in the tables: the next collection is the whole State.
  void mark_all();
  // There are no tables: what was noted for them is forgotten.
  void forget_marks();
  // The changes are in the tables: the bodies among them may leave memory.
  void tables_written();
  // Takes over rows, before anything is applied, in the order of the tables and their keys. The
  // body of a retained message has to be in memory.
  void restore(const TablesAt& at);
  Result<void> restore(Table table, ByteView key, ByteView value);
  void expect(Table table, std::uint64_t rows);  // About so many are to come: room is made at once.
  // After the last row: drops messages that nobody refers to, and says how many.
  std::size_t finish_restore();

  // ---- Which bodies are in memory.
  [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }
  // Lets bodies go that are in the tables, until those in memory take at most so many bytes.
  void keep_bodies_within(std::uint64_t bytes_max);
  void take_body(const MessageRef& message);  // Read back.
  void give_up_body(MessageId id);            // It cannot be read back.

 private:
  void apply_to(const SessionOpened& m);
  void apply_to(const SessionResumed& m);
  void apply_to(const SessionSuspended& m);
  void apply_to(const SessionEnded& m);
  void apply_to(const Subscribed& m);
  void apply_to(const Unsubscribed& m);
  void apply_to(const MessageStored& m);
  void apply_to(const Queued& m);
  void apply_to(const Sent& m);
  void apply_to(const Released& m);
  void apply_to(const Acknowledged& m);
  void apply_to(const Discarded& m);
  void apply_to(const IncomingTaken& m);
  void apply_to(const IncomingReleased& m);
  void apply_to(const RetainedSet& m);
  void apply_to(const RetainedCleared& m);
  void apply_to(const WillSet& m);
  void apply_to(const WillScheduled& m);
  void apply_to(const WillCleared& m);
  void apply_to(const TermStart& m);

  static std::uint32_t client_hash(std::string_view client_id);
  Session& existing(SessionId id);
  StoredMessage& refer(MessageId id);
  void forget(StoredMessage& message);
  void forget(const Session& session, const Delivery& delivery, bool row_is_gone = false);
  void forget_retained(std::uint32_t slot);
  void mark(Session& session);
  void set_retained(StoredMessage& stored);

  Result<void> restore_session(ByteView key, Reader& fields, ByteView value);
  Result<void> restore_subscription(ByteView key, Reader& fields);
  Result<void> restore_message(const MessageRef& message);
  Result<void> restore_delivery(ByteView key, Reader& fields);
  Result<void> restore_retained(ByteView topic, MessageId id);
  Result<void> restore_will(ByteView key, Reader& fields);
  void collect_session(SessionId id, TableChanges& changes);
  void collect_queue(Session& session, TableChanges& changes);

  std::vector<std::unique_ptr<Session>> sessions_;  // By id; slot 0 stays empty.
  std::set<std::uint32_t> free_sessions_;           // Empty slots below sessions_.size().
  SlotTable by_client_;                             // Ids, by the name of the client.
  std::size_t durable_count_ = 0;
  SubscriptionIndex subscriptions_;
  std::unordered_map<MessageId, StoredMessage> messages_;
  TopicTree retained_topics_;
  std::vector<MessageRef> retained_;
  std::vector<std::uint32_t> free_retained_;
  std::uint64_t retained_bytes_ = 0;
  std::uint64_t queued_count_ = 0;    // Deliveries of all sessions that are not in flight,
  std::uint64_t inflight_count_ = 0;  // and those that are.
  std::map<std::string, StoredWill, std::less<>> wills_;
  MessageId next_message_id_{1};
  TermHistory terms_;

  TableMarks marks_;
  StoredList being_written_;  // Their rows are in the changes under way.
  StoredList evictable_;      // Their rows are in the table, their bodies in memory.
  std::uint64_t body_bytes_ = 0;
};

}  // namespace tandemq
