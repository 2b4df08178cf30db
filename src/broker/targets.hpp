// Targets: who gets a message, one entry a session however many of its subscriptions match
// [MQTT-3.3.4-2]. Reused from message to message.
// Owned by the broker's World; core thread.
#pragma once

#include "base/ids.hpp"
#include "journal/mutation.hpp"
#include "topic/subscription.hpp"

#include <cstdint>
#include <vector>

namespace tandemq {

struct Connection;
struct Session;

struct Target {
  SessionId session{};
  const Session* who = nullptr;      // The session itself,
  Connection* connection = nullptr;  // and where it is served; null: it is away. By route().
  std::uint8_t qos = 0;  // The highest of its subscriptions, at most that of the message.
  bool retain_as_published = false;
  bool full = false;        // Its queue has no room.
  bool revoked = false;     // The rules in force grant none of its subscriptions.
  std::uint64_t share = 0;  // Key of the shared group it was chosen from; 0: its own subscription.
  SubscriptionIds subscription_ids;

  void join(const Subscription& subscription, std::uint8_t message_qos);
};

class TargetList {
 public:
  void clear();
  // Joins the session's entry if it has one already.
  void add(const Subscription& subscription, std::uint8_t message_qos);
  // A shared subscription is always a delivery of its own.
  Target& add_shared(const Subscription& subscription, std::uint8_t message_qos,
                     std::uint64_t share);

  [[nodiscard]] std::vector<Target>& list() { return list_; }

 private:
  Target& append(SessionId session);

  std::vector<Target> list_;
  std::vector<std::uint32_t> entry_of_;  // By session: its entry, if round_of_ is this round.
  std::vector<std::uint32_t> round_of_;
  std::uint32_t round_ = 1;
};

}  // namespace tandemq
