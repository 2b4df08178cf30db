#include "broker/share.hpp"

#include "broker/deliver.hpp"
#include "broker/route.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace tandemq {
namespace {

struct Move {
  MessageRef message;  // Null while it is on disk only.
  MessageId id;
  std::uint64_t share;
  std::size_t size;
  std::uint64_t sequence;
  mqtt::QoS qos;
};

// What another member may get in its place.
std::vector<Move> movable(const Session& session) {
  std::vector<Move> moves;
  const Outgoing& outgoing = session.outgoing;
  for (std::size_t i = 0; i < outgoing.size(); ++i) {
    const Delivery& delivery = outgoing[i];
    const bool begun_qos2 = delivery.qos == mqtt::QoS::exactly_once &&
                            delivery.phase != DeliveryPhase::queued;  // [MQTT-4.8.2-4, -5]
    if (delivery.share == 0 || begun_qos2) continue;
    moves.push_back({delivery.message(), delivery.message_id(), delivery.share, delivery.size(),
                     delivery.sequence, delivery.qos});
  }
  return moves;
}

// A message that waited for a session that is not durable may not be in the log: it never was, or
// everybody else has acknowledged it.
MessageRef store(Turn& turn, const MessageRef& message) {
  if (turn.state.holds(message->id)) return message;
  auto stored = std::make_shared<Message>(*message);
  stored->id = turn.state.next_message_id();
  turn.apply(MessageStored{stored});
  return stored;
}

// A body that is on disk stays there: the heir's queue refers to it.
void queue_on_disk(Turn& turn, const Session& heir, const Move& move, mqtt::QoS qos,
                   SubscriptionIds ids) {
  Queued queued;
  queued.session = heir.id;
  queued.sequence = heir.outgoing.next_sequence();
  queued.message = move.id;
  queued.qos = qos;
  queued.share = move.share;
  queued.subscription_ids = std::move(ids);
  turn.apply(queued);
  if (Connection* connection = turn.world.connections.of(heir.id)) pump(turn, *connection);
}

}  // namespace

void hand_over_shared(Turn& turn, SessionId id, Leaving leaving) {
  for (const Move& move : movable(*turn.state.session(id))) {
    const auto* members = turn.state.subscriptions().shared_members(move.share);
    const Subscription* heir =
        members == nullptr ? nullptr : choose_member(turn, move.share, *members, id);
    if (heir == nullptr) continue;
    const Session& session = *turn.state.session(heir->session);
    const bool online = turn.world.connections.of(heir->session) != nullptr;
    if (leaving == Leaving::for_a_while && !online) continue;
    const bool queues = !online || session.outgoing.queued_count() > 0;
    if (queues && is_full(turn.world, session, move.size)) continue;
    const auto qos = static_cast<mqtt::QoS>(
        std::min<std::uint8_t>(heir->options.qos, static_cast<std::uint8_t>(move.qos)));
    const bool logged = session.durable && qos != mqtt::QoS::at_most_once;
    if (!move.message && !logged) continue;  // Only a queue that the log keeps can refer to it.
    const MessageRef message = logged && move.message ? store(turn, move.message) : move.message;
    SubscriptionIds ids;
    if (heir->identifier != 0) ids.push_back(heir->identifier);
    if (message) {
      assign(turn, session, message, {qos, false, move.share, std::move(ids)});
    } else {
      queue_on_disk(turn, session, move, qos, std::move(ids));
    }
    turn.apply(Discarded{id, move.sequence});
  }
}

}  // namespace tandemq
