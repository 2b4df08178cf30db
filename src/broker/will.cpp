#include "broker/will.hpp"

#include "broker/audit_event.hpp"
#include "broker/route.hpp"
#include "topic/name.hpp"

#include <utility>

namespace tandemq {

using mqtt::PropertyId;
using mqtt::ReasonCode;

ReasonCode will_problem(const World& world, const mqtt::Will& will) {
  const MqttConfig& mqtt = world.config.mqtt;
  if (static_cast<std::uint8_t>(will.qos) > mqtt.max_qos) return ReasonCode::qos_not_supported;
  if (will.retain && !mqtt.retain_available) return ReasonCode::retain_not_supported;
  const TopicLimits limits{world.config.limits.topic_levels_max, UINT16_MAX};
  if (!is_valid_name(will.topic, limits) || will.topic.starts_with("$SYS") || is_shared(will.topic))
    return ReasonCode::topic_name_invalid;
  return ReasonCode::success;
}

void set_will(Turn& turn, Connection& connection, const mqtt::Will& will) {
  Message message;
  message.qos = will.qos;
  message.retain = will.retain;
  message.topic = will.topic;
  message.payload = will.payload;
  message.forwarded = forwarded_properties(will.properties);
  WillSet set;
  set.client_id = connection.client_id;
  set.user_name = connection.user_name;
  set.delay_s = will.properties.number(PropertyId::will_delay_interval).value_or(0);
  set.message_expiry_s = will.properties.number(PropertyId::message_expiry_interval);
  set.message = std::make_shared<const Message>(std::move(message));
  turn.apply(set);
  connection.will_set = true;
}

void schedule_will(Turn& turn, std::string_view client_id, Instant at) {
  if (at <= turn.now) return publish_will(turn, client_id);
  turn.apply(WillScheduled{std::string(client_id), at});
  turn.watch(at, {Due::Kind::will, 0, std::string(client_id)});
}

void publish_will(Turn& turn, std::string_view client_id) {
  const WillSet will = turn.state.wills().find(client_id)->second.will;
  turn.apply(WillCleared{will.client_id});
  // Where logins bring roles, theirs were asked when the will was left (broker/connect.cpp).
  if (!turn.world.access->may_while_away({will.client_id, will.user_name}, Action::publish,
                                         will.message->topic)) {
    audit_will_denied(turn, will);
    return turn.drop(DropReason::not_authorized, will.client_id, will.message);
  }
  Publication publication;
  publication.message = std::make_shared<Message>(*will.message);
  publication.message->published_at = turn.now;
  if (will.message_expiry_s)
    publication.message->expires_at = turn.now.plus_s(*will.message_expiry_s);
  if (will.message->retain) publication.message->publisher = will.client_id;
  if (const Session* session = turn.state.find_session(will.client_id))
    publication.publisher = session->id;
  publication.yields = false;
  route(turn, publication);
}

void clear_will(Turn& turn, std::string_view client_id) {
  turn.apply(WillCleared{std::string(client_id)});
}

}  // namespace tandemq
