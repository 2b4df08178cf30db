#include "broker/deliver.hpp"

#include "broker/audit_event.hpp"
#include "broker/fetch.hpp"
#include "mqtt/encode.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace tandemq {
namespace {

std::uint32_t window(const Connection& connection) {
  return std::min<std::uint32_t>(connection.receive_maximum, connection.limits->max_inflight);
}

// [MQTT-3.3.2-6] the interval sent is what is left of it.
std::uint32_t expiry_left_s(const Message& message, Instant now) {
  if (message.expires_at.is_never()) return Deliver::kNoExpiry;
  const std::int64_t left_ms = std::max<std::int64_t>(ms_between(now, message.expires_at), 0);
  return static_cast<std::uint32_t>((left_ms + 999) / 1000);
}

// [MQTT-3.1.2-24]: a packet that is too large for the client is not sent to it.
bool fits(const Connection& connection, const Message& message, const Deliver& delivery) {
  if (connection.packet_size_max == UINT32_MAX) return true;
  mqtt::PublishParts parts;
  parts.topic = message.topic;
  parts.payload = message.payload;
  parts.forwarded = message.forwarded;
  parts.qos = delivery.qos;
  if (delivery.expiry_s != Deliver::kNoExpiry) parts.expiry_s = delivery.expiry_s;
  parts.subscription_ids = delivery.subscription_ids;
  if (connection.sends_aliases) parts.topic_alias = 1;
  return mqtt::publish_size(parts, connection.version) <= connection.packet_size_max;
}

Deliver delivery_of(const Delivery& delivery, Instant now, bool dup) {
  Deliver out;
  out.expiry_s = expiry_left_s(*delivery.message(), now);
  out.packet_id = delivery.packet_id;
  out.qos = delivery.qos;
  out.retain = delivery.retain;
  out.dup = dup;
  if (delivery.subscription_ids) out.subscription_ids = *delivery.subscription_ids;
  return out;
}

// The mutation by which the message comes to the session; still without a packet id.
Queued queued_of(const Session& session, const MessageRef& message, const Assignment& assignment) {
  Queued queued;
  queued.session = session.id;
  queued.sequence = session.outgoing.next_sequence();
  queued.qos = assignment.qos;
  queued.retain = assignment.retain;
  queued.share = assignment.share;
  queued.subscription_ids = assignment.subscription_ids;
  if (session.durable) {
    queued.message = message->id;
  } else {
    queued.volatile_message = message;
  }
  return queued;
}

// The body is on its way from the disk, and the delivery cannot do without.
bool waits_for_body(const Delivery& delivery) {
  return delivery.on_disk() && !delivery.stored->lost;
}

// [MQTT-4.4.0-1]: what an earlier connection left in flight, in its order, with its packet ids.
void resend(Turn& turn, Connection& connection) {
  const Outgoing& outgoing = turn.state.session(connection.session)->outgoing;
  while (connection.resent < outgoing.inflight_count() &&
         connection.outstanding < window(connection)) {
    const Delivery& delivery = outgoing[connection.resent];
    if (waits_for_body(delivery)) return;
    ++connection.resent;
    ++connection.outstanding;
    if (delivery.phase == DeliveryPhase::released) {
      turn.happens(Happening::pubrel_out, connection.session, {}, delivery.packet_id,
                   delivery.message_id());
      turn.send(connection, mqtt::Ack{mqtt::PacketType::pubrel, delivery.packet_id, {}, {}});
      continue;
    }
    const MessageRef message = delivery.message();
    if (message) {
      Deliver out = delivery_of(delivery, turn.now, true);
      if (fits(connection, *message, out)) {
        turn.deliver(connection, message, std::move(out));
        continue;
      }
    }
    turn.apply(Acknowledged{connection.session, delivery.packet_id});
    --connection.resent, --connection.outstanding;
    turn.drop(message ? DropReason::packet_too_large : DropReason::damaged, connection.client_id,
              message);
  }
}

// Why the delivery must not be sent to this connection; count if nothing speaks against it.
DropReason obstacle(const Turn& turn, const Connection& connection, const Delivery& delivery,
                    const Deliver& out) {
  if (!turn.world.access->may_receive(connection.who(), delivery.message()->topic)) {
    audit_receive_denied(turn, *turn.state.session(connection.session), delivery.message()->topic);
    return DropReason::not_authorized;
  }
  if (!fits(connection, *delivery.message(), out)) return DropReason::packet_too_large;
  return DropReason::count;
}

// Sends or drops the oldest that waits.
void send_next(Turn& turn, Connection& connection) {
  const Outgoing& outgoing = turn.state.session(connection.session)->outgoing;
  const Delivery& delivery = outgoing[outgoing.inflight_count()];
  const MessageRef message = delivery.message();
  Deliver out;
  DropReason reason = DropReason::expired;  // [MQTT-3.3.2-5]
  if (!delivery.expired_at(turn.now)) {
    reason = DropReason::damaged;
    if (message) {
      out = delivery_of(delivery, turn.now, false);
      reason = obstacle(turn, connection, delivery, out);
    }
  }
  if (reason != DropReason::count) {
    turn.apply(Discarded{connection.session, delivery.sequence});
    return turn.drop(reason, connection.client_id, message);
  }
  if (out.qos != mqtt::QoS::at_most_once) {
    out.packet_id = outgoing.free_packet_id();
    ++connection.outstanding;
    ++connection.resent;
  }
  turn.apply(Sent{connection.session, out.packet_id});
  turn.deliver(connection, message, std::move(out));
}

}  // namespace

void pump(Turn& turn, Connection& connection) {
  if (connection.phase != ConnectionPhase::ready) return;
  resend(turn, connection);
  const Outgoing& outgoing = turn.state.session(connection.session)->outgoing;
  if (outgoing.queued_count() > 0) turn.world.room_made = true;
  while (outgoing.queued_count() > 0 && connection.outstanding < window(connection) &&
         connection.resent == outgoing.inflight_count()) {
    const Delivery& next = outgoing[connection.resent];
    if (waits_for_body(next) && !next.expired_at(turn.now)) break;
    send_next(turn, connection);
  }
  fetch_ahead(turn, connection, connection.outstanding < window(connection));
}

void assign(Turn& turn, const Session& session, const MessageRef& message,
            Assignment&& assignment) {
  assign(turn, session, turn.world.connections.of(session.id), message, std::move(assignment));
}

void assign(Turn& turn, const Session& session, Connection* connection, const MessageRef& message,
            Assignment&& assignment) {
  const bool qos0 = assignment.qos == mqtt::QoS::at_most_once;
  const bool at_once =
      connection != nullptr && (qos0 || (session.outgoing.queued_count() == 0 &&
                                         connection->resent == session.outgoing.inflight_count() &&
                                         connection->outstanding < window(*connection)));
  if (!at_once) {
    const bool kept = !qos0 || (session.durable && turn.world.config.mqtt.queue_qos0);
    const Wait wait = connection == nullptr                 ? Wait::away
                      : session.outgoing.queued_count() > 0 ? Wait::behind
                                                            : Wait::window;
    turn.happens(kept ? Happening::queued : Happening::passed_over, session.id, wait,
                 assignment.qos, *message);
    if (!kept) return;
    return turn.apply(queued_of(session, message, assignment));
  }

  Deliver out;
  out.expiry_s = expiry_left_s(*message, turn.now);
  out.qos = assignment.qos;
  out.retain = assignment.retain;
  if (!assignment.subscription_ids.empty()) out.subscription_ids = assignment.subscription_ids;
  const bool limited = connection->packet_size_max != UINT32_MAX;
  if (limited && !fits(*connection, *message, out)) {
    // The log may hold the message for this delivery alone: it comes and goes, and the message too.
    if (!qos0) {
      turn.apply(queued_of(session, message, assignment));
      turn.apply(Discarded{session.id, session.outgoing[session.outgoing.size() - 1].sequence});
    }
    return turn.drop(DropReason::packet_too_large, session.client_id, message);
  }
  if (!qos0) {
    Queued queued = queued_of(session, message, assignment);
    queued.packet_id = out.packet_id = session.outgoing.free_packet_id();
    turn.apply(std::move(queued));
    ++connection->outstanding;
    ++connection->resent;
  }
  turn.deliver(*connection, message, std::move(out));
}

bool is_full(const World& world, const Session& session, std::size_t message_size) {
  const LimitsConfig& limits = world.config.limits;
  return session.outgoing.queued_count() >= limits.max_queued_messages ||
         session.outgoing.queued_bytes() + message_size > limits.max_queued_bytes;
}

void drop_expired(Turn& turn, const Session& session) {
  const Outgoing& outgoing = session.outgoing;
  while (outgoing.queued_count() > 0) {
    const Delivery& oldest = outgoing[outgoing.inflight_count()];
    if (!oldest.expired_at(turn.now)) return;
    const MessageRef message = oldest.message();
    turn.apply(Discarded{session.id, oldest.sequence});
    turn.drop(DropReason::expired, session.client_id, message);
  }
}

bool drop_oldest(Turn& turn, const Session& session, std::size_t message_size) {
  const Outgoing& outgoing = session.outgoing;
  if (message_size > turn.world.config.limits.max_queued_bytes) return false;
  while (is_full(turn.world, session, message_size) && outgoing.queued_count() > 0) {
    const Delivery& oldest = outgoing[outgoing.inflight_count()];
    const MessageRef message = oldest.message();
    turn.apply(Discarded{session.id, oldest.sequence});
    turn.drop(DropReason::queue_full, session.client_id, message);
  }
  return !is_full(turn.world, session, message_size);
}

}  // namespace tandemq
