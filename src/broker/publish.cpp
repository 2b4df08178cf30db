#include "broker/publish.hpp"

#include "base/utf8.hpp"
#include "broker/audit_event.hpp"
#include "broker/block.hpp"
#include "broker/leave.hpp"
#include "broker/retain.hpp"
#include "broker/route.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

using mqtt::PropertyId;
using mqtt::QoS;
using mqtt::ReasonCode;

constexpr std::string_view kDiskFull = "the disk of the broker is nearly full";

// A reason against a PUBLISH, and what it costs: the message, or the connection.
struct Objection {
  ReasonCode reason = ReasonCode::success;
  std::string_view why;
  bool ends_connection = false;
  Limit limit = Limit::count;  // That was reached; count: none.
};

// Puts the topic in its place [MQTT-3.3.2-8] to [MQTT-3.3.2-12]; success if there is one.
ReasonCode resolve_alias(Connection& connection, mqtt::Publish& packet) {
  if (packet.properties.empty()) return ReasonCode::success;
  const auto alias = packet.properties.number(PropertyId::topic_alias);
  if (!alias) return ReasonCode::success;
  const auto number = static_cast<std::uint16_t>(*alias);
  if (!packet.topic.empty())
    return connection.inbound_aliases.assign(number, packet.topic)
               ? ReasonCode::success
               : ReasonCode::topic_alias_invalid;
  const std::string* topic = connection.inbound_aliases.find(number);
  if (topic == nullptr) return ReasonCode::protocol_error;
  packet.topic = *topic;
  return ReasonCode::success;
}

Objection protocol_objection(const Turn& turn, const Connection& connection,
                             const mqtt::Publish& packet) {
  const MqttConfig& mqtt = turn.world.config.mqtt;
  const bool has_properties = !packet.properties.empty();
  if (has_properties && packet.properties.number(PropertyId::subscription_identifier))
    return {ReasonCode::protocol_error, "a client must not send a Subscription Identifier", true};
  if (static_cast<std::uint8_t>(packet.qos) > mqtt.max_qos)  // [MQTT-3.2.2-11]
    return {ReasonCode::qos_not_supported, "mqtt.max_qos forbids this QoS", true};
  if (packet.retain && !mqtt.retain_available)  // [MQTT-3.2.2-14]
    return {ReasonCode::retain_not_supported, "mqtt.retain_available is off", true};
  if (packet.qos == QoS::exactly_once && connection.is_v5() &&
      connection.incoming >= connection.limits->receive_maximum &&  // [MQTT-3.3.4-7]
      !turn.state.session(connection.session)->has_incoming(packet.packet_id))
    return {ReasonCode::receive_maximum_exceeded, "more QoS 2 messages open than allowed", true,
            Limit::receive_maximum};
  return {};
}

Objection message_objection(const Turn& turn, const Connection& connection,
                            const mqtt::Publish& packet) {
  const Config& config = turn.world.config;
  const TopicLimits limits{config.limits.topic_levels_max, UINT16_MAX};
  if (!is_valid_name(packet.topic, limits))
    return {ReasonCode::topic_name_invalid, "the topic name is not valid or has too many levels",
            false,
            is_valid_name(packet.topic, {UINT32_MAX, UINT16_MAX}) ? Limit::topic_levels_max
                                                                  : Limit::count};
  if (packet.topic.starts_with("$SYS") || is_shared(packet.topic))
    return {ReasonCode::not_authorized, "topics of $SYS and $share belong to the server"};
  if (turn.world.access->has_rules() && !may(turn, connection, Action::publish, packet.topic))
    return {ReasonCode::not_authorized, "no right to publish to this topic"};
  const bool claims_text = !packet.properties.empty() &&
                           packet.properties.number(PropertyId::payload_format_indicator) == 1U;
  if (claims_text && config.mqtt.check_payload_format && !is_payload_utf8(packet.payload))
    return {ReasonCode::payload_format_invalid, "the payload is not the UTF-8 it claims to be"};
  if (!packet.retain || packet.payload.empty()) return {};
  const Limit limit =
      retain_obstacle(turn.world, packet.topic, packet.topic.size() + packet.payload.size());
  if (limit != Limit::count) return {ReasonCode::quota_exceeded, full_text(limit), false, limit};
  return {};
}

void answer(Turn& turn, Connection& connection, const mqtt::Publish& packet, CommitLevel level,
            ReasonCode reason, std::string_view why) {
  if (packet.qos == QoS::at_most_once) return;
  const bool qos2 = packet.qos == QoS::exactly_once;
  if (reason != ReasonCode::success)
    turn.happens(Happening::answered, connection.session, reason, packet.packet_id, {});
  if (qos2 && !mqtt::is_error(reason)) {
    turn.apply(IncomingTaken{connection.session, packet.packet_id});
    ++connection.incoming;
  }
  const auto type = qos2 ? mqtt::PacketType::pubrec : mqtt::PacketType::puback;
  if (!mqtt::is_error(reason)) ++turn.world.counters.acknowledged[index(level)];
  turn.send_at(level, connection,
               mqtt::Ack{type, packet.packet_id, reason, turn.reason_string(connection, why)});
}

// A message that nobody gets. MQTT 3 has no word for it: an acknowledgement would say that the
// message is safe, so the connection ends instead [MQTT311-3.3.5-2].
void reject(Turn& turn, Connection& connection, const mqtt::Publish& packet,
            const Objection& objection) {
  Message message;
  message.topic = packet.topic;
  message.payload = packet.payload;
  if (objection.limit != Limit::count)
    turn.world.limit_hits.add(objection.limit, connection.client_id);
  const bool denied = objection.reason == ReasonCode::not_authorized;
  const bool full = objection.reason == ReasonCode::quota_exceeded;
  turn.drop(denied                       ? DropReason::not_authorized
            : objection.why == kDiskFull ? DropReason::disk_full
            : full                       ? DropReason::queue_full
                                         : DropReason::refused,
            connection.client_id, std::make_shared<const Message>(std::move(message)));
  if (objection.ends_connection || (!connection.is_v5() && packet.qos != QoS::at_most_once))
    return refuse(turn, connection, objection.reason, objection.why);
  answer(turn, connection, packet, connection.ack, objection.reason, objection.why);
}

// Takes topic and payload out of the packet: on the way of each message nothing is copied.
std::shared_ptr<Message> message_from(const Turn& turn, const Connection& connection,
                                      mqtt::Publish& packet) {
  auto made = std::make_shared<Message>();
  Message& message = *made;
  message.qos = packet.qos;
  message.retain = packet.retain;
  message.published_at = turn.now;
  message.topic = std::move(packet.topic);
  message.payload = std::move(packet.payload);
  if (packet.retain) message.publisher = connection.client_id;
  if (packet.properties.empty()) return made;
  if (const auto expiry_s = packet.properties.number(PropertyId::message_expiry_interval))
    message.expires_at = turn.now.plus_s(*expiry_s);
  message.forwarded = forwarded_properties(packet.properties);
  return made;
}

void count(Turn& turn, Connection& connection, const Message& message, std::uint16_t packet_id) {
  ++connection.received_count;
  ++turn.world.counters.messages_received[static_cast<std::size_t>(message.qos)];
  turn.world.counters.bytes_received += message.payload.size();
  connection.received_bytes += message.payload.size();
  if (turn.world.trace.active())
    turn.trace(connection, message.topic,
               "PUBLISH in qos=" + std::to_string(static_cast<int>(message.qos)) + " id=" +
                   std::to_string(packet_id) + " bytes=" + std::to_string(message.payload.size()));
}

// There is no room for it, in the queue of a receiver or on the disk.
void refuse_or_block(Turn& turn, Connection& connection, mqtt::Publish packet, Routed routed) {
  if (routed == Routed::disk_full && (connection.is_v5() || packet.qos == QoS::at_most_once))
    return reject(turn, connection, packet, {ReasonCode::quota_exceeded, kDiskFull});
  const bool told = turn.world.config.limits.queue_full == QueueFull::reject && connection.is_v5();
  if (!told || routed == Routed::disk_full) return block(turn, connection, std::move(packet));
  reject(turn, connection, packet, {ReasonCode::quota_exceeded, "the queue of a receiver is full"});
}

}  // namespace

void publish(Turn& turn, Connection& connection, mqtt::Publish&& packet) {
  const ReasonCode alias = resolve_alias(connection, packet);
  if (alias != ReasonCode::success)
    return refuse(turn, connection, alias, "a Topic Alias that is 0, too high or not yet known");
  const Objection protocol = protocol_objection(turn, connection, packet);
  if (protocol.reason != ReasonCode::success) return reject(turn, connection, packet, protocol);

  if (packet.qos == QoS::exactly_once &&
      turn.state.session(connection.session)->has_incoming(packet.packet_id)) {
    // [MQTT-4.3.3-10]: taken before, perhaps in a record on its way.
    turn.wait_for_log(connection);
    turn.send_at(turn.world.ack.of_topic(packet.topic, connection.ack), connection,
                 mqtt::Ack{mqtt::PacketType::pubrec, packet.packet_id, {}, {}});
    return;
  }
  const Objection objection = message_objection(turn, connection, packet);
  if (objection.reason != ReasonCode::success) return reject(turn, connection, packet, objection);

  const bool may_wait = packet.qos != QoS::at_most_once;
  const CommitLevel level = turn.world.ack.of_topic(packet.topic, connection.ack);
  Publication publication{message_from(turn, connection, packet), connection.session, may_wait,
                          connection.is_v5()};
  publication.packet_id = packet.packet_id;
  count(turn, connection, *publication.message, packet.packet_id);
  const Routed routed = route(turn, publication);
  if (routed == Routed::queue_full || routed == Routed::disk_full) {
    packet.topic = std::move(publication.message->topic);
    packet.payload = std::move(publication.message->payload);
    return refuse_or_block(turn, connection, std::move(packet), routed);
  }
  const bool dropped = routed == Routed::partly_dropped;
  const bool told = connection.is_v5();
  if (dropped && told)
    return answer(turn, connection, packet, level, ReasonCode::quota_exceeded,
                  "the queue of a receiver is full");
  // A PUBREC says it too late to matter, and its receivers may come before the PUBREL.
  const bool nobody = routed == Routed::no_subscribers && told && packet.qos == QoS::at_least_once;
  answer(turn, connection, packet, level,
         nobody ? ReasonCode::no_matching_subscribers : ReasonCode::success, {});
}

void pubrel(Turn& turn, Connection& connection, const mqtt::Ack& packet) {
  // An unknown packet id was released before, by a PUBREL whose PUBCOMP got lost: success again,
  // as the field does, and not 0x92.
  if (turn.state.session(connection.session)->has_incoming(packet.packet_id)) {
    turn.apply(IncomingReleased{connection.session, packet.packet_id});
    if (connection.incoming > 0) --connection.incoming;  // It may be an earlier connection's.
  }
  turn.happens(Happening::pubrel_in, connection.session, packet.reason, packet.packet_id, {});
  turn.wait_for_log(connection);
  // The id is free from now on: a node that did not know that would take what comes next under it
  // for a repetition.
  turn.send_at(std::max(connection.ack, turn.world.level), connection,
               mqtt::Ack{mqtt::PacketType::pubcomp, packet.packet_id, {}, {}});
}

}  // namespace tandemq
