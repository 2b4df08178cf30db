#include "broker/route.hpp"

#include "broker/audit_event.hpp"
#include "broker/deliver.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

// Who gets it by subscription and may read it.
void choose_targets(Turn& turn, const Publication& publication) {
  World& world = turn.world;
  const Message& message = *publication.message;
  const auto qos = static_cast<std::uint8_t>(message.qos);
  world.targets.clear();
  turn.state.subscriptions().match(message.topic, world.matches);
  for (const Subscription& subscription : world.matches.direct) {
    const bool own = subscription.session == publication.publisher;
    if (!own || !subscription.options.no_local) world.targets.add(subscription, qos);
  }
  for (const Matches::Group& group : world.matches.groups) {
    const Subscription* member = choose_member(turn, group.key, *group.members);
    const Subscription& taker = member != nullptr ? *member : group.members->front();
    world.targets.add_shared(taker, qos, group.key).revoked = member == nullptr;
  }
  for (Target& target : world.targets.list()) {
    target.who = turn.state.session(target.session);
    target.connection = world.connections.of(target.session);
  }
}

// Of a client that is away only what its user is denied: its roles come with its next login, and
// what it gets then is asked about again.
bool may_get(const World& world, const Target& target, std::string_view topic) {
  if (target.connection != nullptr)
    return world.access->may_receive(target.connection->who(), topic);
  const WhoView who{target.who->client_id, target.who->user_name};
  return world.access->may_while_away(who, Action::receive, topic);
}

// Makes of the target what those of its subscriptions do that the rules in force grant.
void narrow(Turn& turn, const Publication& publication, Target& target) {
  if (target.share != 0) return;  // choose_member() has asked.
  const Session& session = *target.who;
  const Revoked::Filters* revoked = turn.world.revoked.of(turn, session);
  if (revoked == nullptr) return;
  const Message& message = *publication.message;
  const auto concerns = [&](const std::string& filter) {
    return !is_shared(filter) && matches(filter, message.topic);
  };
  if (std::none_of(revoked->begin(), revoked->end(), concerns)) return;
  Target left;
  left.revoked = true;
  for (const std::string& filter : session.filters) {
    if (!concerns(filter) || std::binary_search(revoked->begin(), revoked->end(), filter)) continue;
    const Subscription& subscription = *turn.state.subscriptions().find(filter, session.id);
    if (subscription.options.no_local && session.id == publication.publisher) continue;
    left.revoked = false;
    left.join(subscription, static_cast<std::uint8_t>(message.qos));
  }
  target.revoked = left.revoked;
  target.qos = left.qos;
  target.retain_as_published = left.retain_as_published;
  target.subscription_ids = std::move(left.subscription_ids);
}

void drop_unreadable(Turn& turn, const Publication& publication) {
  if (!turn.world.access->has_rules()) return;
  const Message& message = *publication.message;
  auto& targets = turn.world.targets.list();
  for (Target& target : targets) narrow(turn, publication, target);
  std::erase_if(targets, [&](const Target& target) {
    const Session& session = *target.who;
    if (!target.revoked && may_get(turn.world, target, message.topic)) return false;
    if (!target.revoked) audit_receive_denied(turn, session, message.topic);
    turn.drop(DropReason::not_authorized, session.client_id, std::make_shared<Message>(message));
    return true;
  });
}

// QoS 0 for somebody who is away is kept only if the operator wants it.
bool must_store(const World& world, const Target& target) {
  return target.who->durable && (target.qos > 0 || world.config.mqtt.queue_qos0);
}

// Then there is neither a queue nor the log that it could go to.
bool is_only_forwarded(const World& world, const Message& message) {
  return message.qos == mqtt::QoS::at_most_once && !message.retain && !world.config.mqtt.queue_qos0;
}

bool takes_queue_room(const World& world, const Target& target) {
  const Connection* connection = target.connection;
  if (target.qos == 0) return connection == nullptr && must_store(world, target);
  return connection == nullptr || target.who->outgoing.queued_count() > 0 ||
         connection->outstanding >=
             std::min<std::uint32_t>(connection->receive_maximum, connection->limits->max_inflight);
}

// Marks the targets without room; true if there are any.
bool mark_full(Turn& turn, const Message& message) {
  bool any = false;
  if (is_only_forwarded(turn.world, message)) return any;
  for (Target& target : turn.world.targets.list()) {
    const Session& session = *target.who;
    if (!takes_queue_room(turn.world, target)) continue;
    if (!is_full(turn.world, session, message.size())) continue;
    drop_expired(turn, session);
    const bool drops_oldest = turn.world.config.limits.queue_full == QueueFull::drop_oldest;
    if (drops_oldest && drop_oldest(turn, session, message.size())) continue;
    target.full = is_full(turn.world, session, message.size());
    any = any || target.full;
  }
  return any;
}

bool needs_log(Turn& turn, const Message& message) {
  if (is_only_forwarded(turn.world, message)) return false;
  if (message.retain && !message.payload.empty()) return true;
  const auto& targets = turn.world.targets.list();
  return std::any_of(targets.begin(), targets.end(), [&](const Target& target) {
    const bool away = target.connection == nullptr;
    return !target.full && (target.qos > 0 || away) && must_store(turn.world, target);
  });
}

// [MQTT-3.3.1-5] to [MQTT-3.3.1-8]: kept, replaced, or removed by an empty one.
void keep_retained(Turn& turn, const Message& message) {
  if (!message.payload.empty()) {
    turn.apply(RetainedSet{message.id});
    turn.watch(message.expires_at, {Due::Kind::retained, 0, message.topic});
  } else if (turn.state.retained_topics().find(message.topic)) {
    turn.apply(RetainedCleared{message.topic});
  }
}

void assign_targets(Turn& turn, const MessageRef& message, const Publication& publication) {
  turn.begin_routing(*message, publication.publisher, publication.packet_id);
  for (Target& target : turn.world.targets.list()) {
    if (target.full) {
      turn.drop(DropReason::queue_full, target.who->client_id, message);
      continue;
    }
    // [MQTT-3.3.1-12] without Retain As Published the flag is cleared.
    const bool retain = target.retain_as_published && message->retain;
    assign(turn, *target.who, target.connection, message,
           {static_cast<mqtt::QoS>(target.qos), retain, target.share,
            std::move(target.subscription_ids)});
  }
  turn.end_routing();
}

// A member of a shared group that the rules in force do not let in any more.
bool is_revoked(Turn& turn, const Subscription& member) {
  const State& state = turn.state;
  const Revoked::Filters* revoked = turn.world.revoked.of(turn, *state.session(member.session));
  return revoked != nullptr &&
         std::any_of(revoked->begin(), revoked->end(), [&](const std::string& filter) {
           return is_shared(filter) &&
                  state.subscriptions().find(filter, member.session) == &member;
         });
}

}  // namespace

Routed route(Turn& turn, Publication& publication) {
  choose_targets(turn, publication);
  Message& taken = *publication.message;
  drop_unreadable(turn, publication);
  const bool matched = !turn.world.targets.list().empty();
  // First, for to make room in a queue costs messages.
  if (turn.world.disk_low && publication.yields && needs_log(turn, taken)) return Routed::disk_full;
  const bool full = mark_full(turn, taken);
  const QueueFull policy = turn.world.config.limits.queue_full;
  // Success must not be said of a message that was dropped, and MQTT 3 can say nothing else: so for
  // its publishers drop_newest is reject.
  const bool waits = policy == QueueFull::reject || policy == QueueFull::block ||
                     (policy == QueueFull::drop_newest && !publication.may_hear);
  if (full && waits && publication.may_wait) return Routed::queue_full;

  const bool logged = needs_log(turn, taken);
  if (logged) taken.id = turn.state.next_message_id();
  const MessageRef message = std::move(publication.message);
  if (message->id != MessageId::none) turn.apply(MessageStored{message});
  if (message->retain) keep_retained(turn, *message);
  assign_targets(turn, message, publication);
  return full ? Routed::partly_dropped : matched ? Routed::delivered : Routed::no_subscribers;
}

const Subscription* choose_member(Turn& turn, std::uint64_t share,
                                  const std::vector<Subscription>& members, SessionId except) {
  std::uint32_t& cursor = turn.world.share_cursors[share];
  const Subscription* away = nullptr;
  for (std::size_t tried = 0; tried < members.size(); ++tried) {
    const Subscription& member = members[(cursor + tried) % members.size()];
    if (member.session == except || is_revoked(turn, member)) continue;
    if (turn.world.connections.of(member.session) == nullptr) {
      if (away == nullptr) away = &member;
      continue;
    }
    cursor = static_cast<std::uint32_t>((cursor + tried + 1) % members.size());
    return &member;
  }
  return away;
}

}  // namespace tandemq
