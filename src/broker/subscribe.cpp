#include "broker/subscribe.hpp"

#include "broker/audit_event.hpp"
#include "broker/leave.hpp"
#include "broker/retain.hpp"
#include "broker/sys.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace tandemq {
namespace {

using mqtt::PropertyId;
using mqtt::ReasonCode;

// The filter that topics are matched with; empty if the whole is not well-formed.
std::string_view inner_filter(std::string_view filter) {
  if (!is_shared(filter)) return filter;
  const auto shared = split_shared(filter);
  return shared ? shared->filter : std::string_view{};
}

// [MQTT-4.7.1-1, -2], [MQTT-4.7.3-1], [MQTT-4.8.2-1, -2]: whatever the server's limits.
bool is_well_formed(std::string_view filter) {
  const std::string_view inner = inner_filter(filter);
  return !inner.empty() && is_valid_filter(inner, {UINT32_MAX, UINT16_MAX});
}

// Why this server does not grant a filter that is well-formed, in words too; success if nothing
// speaks against it.
struct Obstacle {
  ReasonCode reason = ReasonCode::success;
  std::string_view why;
};

Obstacle obstacle(const Turn& turn, const Connection& connection,
                  const mqtt::SubscribeEntry& entry) {
  const MqttConfig& mqtt = turn.world.config.mqtt;
  const LimitsConfig& limits = *connection.limits;
  LimitHits& hits = turn.world.limit_hits;
  const Session& session = *turn.state.session(connection.session);
  const std::string_view inner = inner_filter(entry.filter);
  if (is_shared(entry.filter) && !mqtt.shared_available)
    return {ReasonCode::shared_subscriptions_not_supported, "mqtt.shared_available is off"};
  if (has_wildcard(inner) && !mqtt.wildcard_available)
    return {ReasonCode::wildcard_subscriptions_not_supported, "mqtt.wildcard_available is off"};
  if (!is_valid_filter(inner, {limits.topic_levels_max, UINT16_MAX})) {
    hits.add(Limit::topic_levels_max, connection.client_id);
    return {ReasonCode::topic_filter_invalid, "more levels than limits.topic_levels_max"};
  }
  if (!may(turn, connection, Action::subscribe, entry.filter))
    return {ReasonCode::not_authorized, "no right to subscribe to this filter"};
  if (turn.world.disk_low && session.durable && !session.filters.contains(entry.filter))
    return {ReasonCode::quota_exceeded, "the disk of the broker is nearly full"};
  if (session.filters.size() >= limits.subscriptions_max &&
      !session.filters.contains(entry.filter)) {
    hits.add(Limit::subscriptions_max, connection.client_id);
    return {ReasonCode::quota_exceeded, "limits.subscriptions_max is reached"};
  }
  return {};
}

Subscription subscription_of(const Turn& turn, const Connection& connection,
                             const mqtt::SubscribeEntry& entry, std::uint32_t identifier) {
  Subscription subscription{connection.session, identifier, {}};
  const std::uint8_t qos = static_cast<std::uint8_t>(entry.qos);
  subscription.options.qos = std::min(qos, turn.world.config.mqtt.max_qos) & 0x03U;
  subscription.options.no_local = entry.no_local;
  subscription.options.retain_as_published = entry.retain_as_published;
  subscription.options.retain_handling = static_cast<RetainHandling>(entry.retain_handling);
  return subscription;
}

bool wants_retained(const Subscription& subscription, std::string_view filter, bool is_new) {
  if (is_shared(filter)) return false;  // [MQTT-4.8.2]: none for shared subscriptions.
  switch (subscription.options.retain_handling) {
    case RetainHandling::send:
      return true;  // [MQTT-3.3.1-9]
    case RetainHandling::send_if_new:
      return is_new;  // [MQTT-3.3.1-10]
    case RetainHandling::do_not_send:
      return false;  // [MQTT-3.3.1-11]
  }
  return false;
}

}  // namespace

void subscribe(Turn& turn, Connection& connection, mqtt::Subscribe packet) {
  const std::uint32_t identifier =
      packet.properties.number(PropertyId::subscription_identifier).value_or(0);
  if (identifier != 0 && !turn.world.config.mqtt.subscription_id_available)
    return refuse(turn, connection, ReasonCode::subscription_identifiers_not_supported,
                  "mqtt.subscription_id_available is off");
  for (const mqtt::SubscribeEntry& entry : packet.entries) {
    if (is_well_formed(entry.filter)) continue;
    const bool shared = is_shared(entry.filter);
    return refuse(turn, connection,
                  shared ? ReasonCode::protocol_error : ReasonCode::malformed_packet,
                  "a topic filter is not well-formed");
  }

  mqtt::SubscriptionAck ack{mqtt::PacketType::suback, packet.packet_id, {}, {}};
  std::vector<std::pair<std::string_view, Subscription>> retained;
  std::string_view why;  // Of the first that is refused.
  for (const mqtt::SubscribeEntry& entry : packet.entries) {
    const auto [reason, text] = obstacle(turn, connection, entry);
    if (turn.world.trace.active())
      turn.trace(connection, {}, "SUBSCRIBE " + entry.filter + ": " + std::string(name(reason)));
    turn.happens(Happening::subscribed, connection.session, reason, entry.filter);
    if (reason != ReasonCode::success) {
      if (why.empty()) why = text;
      ack.reasons.push_back(reason);
      continue;
    }
    const Subscription subscription = subscription_of(turn, connection, entry, identifier);
    const bool is_new =
        turn.state.subscriptions().find(entry.filter, connection.session) == nullptr;
    turn.apply(Subscribed{connection.session, entry.filter, encode_options(subscription.options),
                          identifier});
    ack.reasons.push_back(static_cast<ReasonCode>(subscription.options.qos));
    if (wants_retained(subscription, entry.filter, is_new))
      retained.emplace_back(entry.filter, subscription);
  }
  ack.properties = turn.reason_string(connection, why, ack.reasons.size());
  turn.send_packet(connection, std::move(ack));
  for (const auto& [filter, subscription] : retained) {
    send_sys(turn, connection, filter, subscription);
    send_retained(turn, connection, filter, subscription);
  }
}

void unsubscribe(Turn& turn, Connection& connection, const mqtt::Unsubscribe& packet) {
  mqtt::SubscriptionAck ack{mqtt::PacketType::unsuback, packet.packet_id, {}, {}};
  for (const std::string& filter : packet.filters) {
    const bool there = turn.state.session(connection.session)->filters.contains(filter);
    if (there) {
      turn.apply(Unsubscribed{connection.session, filter});
      turn.world.room_made = true;  // A publisher need not wait for this receiver any more.
    }
    const ReasonCode reason = there ? ReasonCode::success : ReasonCode::no_subscription_existed;
    turn.happens(Happening::unsubscribed, connection.session, reason, filter);
    ack.reasons.push_back(reason);
    if (turn.world.trace.active()) turn.trace(connection, {}, "UNSUBSCRIBE " + filter);
  }
  turn.wait_for_log(connection);
  turn.send_packet(connection, std::move(ack));
}

}  // namespace tandemq
