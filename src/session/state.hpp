// State: everything the broker has to remember. apply() is the only way to change it, on the
// primary, on the standby, in recovery and in the simulator, so it is a function of the sequence of
// mutations; digest() proves it. Decisions are made elsewhere, on a const State.
// Owner: the role object; core thread.
#pragma once

#include "base/ids.hpp"
#include "journal/mutation.hpp"
#include "session/session.hpp"
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

struct StoredWill {
  WillSet will;
  Instant at = Instant::never();  // When it is due; never while its client is connected.
};

class State {
 public:
  void apply(const Mutation& mutation);

  [[nodiscard]] const Session* session(SessionId id) const;  // Null if there is none.
  [[nodiscard]] const Session* find_session(std::string_view client_id) const;
  [[nodiscard]] std::size_t session_count() const { return by_client_.size(); }
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
  [[nodiscard]] std::uint64_t queued_count() const { return queued_count_; }

  // What a decision may take for something new.
  [[nodiscard]] SessionId free_session_id() const;
  [[nodiscard]] MessageId next_message_id() const { return next_message_id_; }

  // Of all that is durable: equal on two nodes that have applied the same log.
  [[nodiscard]] std::uint64_t digest() const;
  // Its invariants; each violation is a sentence. Empty if all hold. Walks everything: for tests,
  // recovery and `store verify`.
  [[nodiscard]] std::vector<std::string> check() const;

 private:
  // A message of the log, alive as long as a delivery or a retained topic refers to it.
  struct Stored {
    MessageRef message;
    std::uint32_t references = 0;
  };

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

  Session& existing(SessionId id);
  MessageRef refer(MessageId id);
  void forget(const Delivery& delivery);
  void forget(MessageId id);

  std::vector<std::unique_ptr<Session>> sessions_;            // By id; slot 0 stays empty.
  std::set<std::uint32_t> free_sessions_;                     // Empty slots below sessions_.size().
  std::unordered_map<std::string_view, Session*> by_client_;  // Keys point into the sessions.
  SubscriptionIndex subscriptions_;
  std::unordered_map<MessageId, Stored> messages_;
  TopicTree retained_topics_;
  std::vector<MessageRef> retained_;
  std::vector<std::uint32_t> free_retained_;
  std::uint64_t retained_bytes_ = 0;
  std::uint64_t queued_count_ = 0;  // Deliveries of all sessions that are not in flight.
  std::map<std::string, StoredWill, std::less<>> wills_;
  MessageId next_message_id_{1};
};

}  // namespace tandemq
