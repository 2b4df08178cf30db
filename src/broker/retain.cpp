#include "broker/retain.hpp"

#include "broker/deliver.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::size_t kPageTopics = 500;  // Looked at in one go: well under a millisecond.

// True if the message may go to the subscription at all.
bool is_wanted(const Turn& turn, const Connection& connection, const RetainedWalk& walk,
               const Message& message) {
  if (message.expired_at(turn.now)) return false;
  if (walk.subscription.options.no_local && message.publisher == connection.client_id) return false;
  return turn.world.access->may_receive(connection.who(), message.topic);
}

// One page.
void send_page(Turn& turn, Connection& connection, RetainedWalk& walk) {
  std::vector<TopicTree::Found> found;
  turn.state.retained_topics().match(walk.filter, walk.cursor, kPageTopics, found);
  for (const TopicTree::Found& topic : found) {
    const MessageRef message = turn.state.retained(topic.value);
    if (!is_wanted(turn, connection, walk, *message)) continue;
    const Session& session = *turn.state.session(connection.session);
    const auto qos = std::min<std::uint8_t>(walk.subscription.options.qos,
                                            static_cast<std::uint8_t>(message->qos));
    if (qos > 0 && is_full(turn.world, session, message->size())) {
      turn.drop(DropReason::queue_full, connection.client_id, message);
      continue;
    }
    SubscriptionIds ids;
    if (walk.subscription.identifier != 0) ids.push_back(walk.subscription.identifier);
    assign(turn, session, message, {static_cast<mqtt::QoS>(qos), true, 0, std::move(ids)});
  }
}

}  // namespace

Limit retain_obstacle(const World& world, std::string_view topic, std::size_t size) {
  const LimitsConfig& limits = world.config.limits;
  const State& state = world.state;
  const bool crowded = state.retained_topics().size() >= limits.retained_messages_max;
  const bool large = state.retained_bytes() + size > limits.retained_bytes_max;
  if (!crowded && !large) return Limit::count;
  // One in the place of another takes its room.
  const MessageRef before = state.find_retained(topic);
  if (crowded && !before) return Limit::retained_messages_max;
  const std::uint64_t rest = state.retained_bytes() - (before ? before->size() : 0);
  const bool shrinks = before && size <= before->size();
  return large && !shrinks && rest + size > limits.retained_bytes_max ? Limit::retained_bytes_max
                                                                      : Limit::count;
}

std::string_view full_text(Limit limit) {
  return limit == Limit::retained_bytes_max ? "limits.retained_bytes_max is reached"
                                            : "limits.retained_messages_max is reached";
}

void send_retained(Turn& turn, Connection& connection, std::string_view filter,
                   const Subscription& subscription) {
  if (turn.state.retained_topics().size() == 0) return;
  if (!connection.walks) connection.walks = std::make_unique<std::deque<RetainedWalk>>();
  connection.walks->push_back({std::string(filter), subscription, {}});
  continue_retained(turn, connection);
}

void continue_retained(Turn& turn, Connection& connection) {
  if (!connection.walks || !connection.page_sent) return;
  const Session& session = *turn.state.session(connection.session);
  while (!connection.walks->empty() && session.outgoing.queued_count() == 0) {
    RetainedWalk& walk = connection.walks->front();
    send_page(turn, connection, walk);
    if (walk.cursor.done) {
      connection.walks->pop_front();
      continue;
    }
    // More is to come, but not before the connection has taken this page.
    connection.page_sent = false;
    return turn.send(connection, NotifyWhenSent{});
  }
  if (connection.walks->empty()) connection.walks.reset();
}

void finish_retained(Turn& turn, Connection& connection) {
  if (!connection.walks) return;
  const bool waits = connection.session_expiry_s > 0;  // Else the session ends now.
  for (RetainedWalk& walk : *connection.walks)
    while (waits && walk.subscription.options.qos > 0 && !walk.cursor.done)
      send_page(turn, connection, walk);
  connection.walks.reset();
}

void expire_retained(Turn& turn, std::string_view topic) {
  const MessageRef message = turn.state.find_retained(topic);
  if (!message) return;
  if (message->expired_at(turn.now)) return turn.apply(RetainedCleared{std::string(topic)});
  turn.watch(message->expires_at, {Due::Kind::retained, 0, std::string(topic)});
}

}  // namespace tandemq
