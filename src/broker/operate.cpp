#include "broker/operate.hpp"

#include "broker/leave.hpp"
#include "broker/retain.hpp"
#include "topic/name.hpp"

#include <utility>
#include <vector>

namespace tandemq {
namespace {

using mqtt::ReasonCode;

// Why the settings do not let the message in; empty if they do.
std::string objection_to(const Turn& turn, const Message& message) {
  const Config& config = turn.world.config;
  const TopicLimits limits{config.limits.topic_levels_max, UINT16_MAX};
  if (!is_valid_name(message.topic, limits))
    return "'" + message.topic +
           "' is not a topic name: it must not be empty or hold '+' or '#', " +
           "and has at most limits.topic_levels_max levels.";
  if (message.topic.starts_with("$SYS") || is_shared(message.topic))
    return "Topics of $SYS and $share belong to the broker.";
  if (static_cast<std::uint8_t>(message.qos) > config.mqtt.max_qos)
    return "mqtt.max_qos is " + std::to_string(config.mqtt.max_qos) + ".";
  if (message.retain && !config.mqtt.retain_available) return "mqtt.retain_available is off.";
  if (!message.retain || message.payload.empty()) return {};
  const Limit limit = retain_obstacle(turn.world, message.topic, message.size());
  if (limit != Limit::count) return std::string(full_text(limit)) + ".";
  return {};
}

}  // namespace

bool kick(Turn& turn, std::string_view client_id) {
  const Session* session = turn.state.find_session(client_id);
  Connection* connection = session == nullptr ? nullptr : turn.world.connections.of(session->id);
  if (connection == nullptr) return false;
  refuse(turn, *connection, ReasonCode::administrative_action, "an operator ended the connection");
  return true;
}

bool delete_session(Turn& turn, std::string_view client_id) {
  const bool kicked = kick(turn, client_id);
  const Session* session = turn.state.find_session(client_id);
  if (session != nullptr) end_session(turn, session->id, DropReason::session_ended);
  return kicked || session != nullptr;
}

std::optional<std::size_t> purge_queue(Turn& turn, std::string_view client_id) {
  const Session* session = turn.state.find_session(client_id);
  if (session == nullptr) return std::nullopt;
  const Outgoing& outgoing = session->outgoing;
  std::size_t purged = 0;
  for (; purged < kOperatePage && outgoing.queued_count() > 0; ++purged) {
    const Delivery& oldest = outgoing[outgoing.inflight_count()];
    const MessageRef message = oldest.message();
    turn.apply(Discarded{session->id, oldest.sequence});
    turn.drop(DropReason::purged, session->client_id, message);
  }
  if (purged > 0) turn.world.room_made = true;
  return purged;
}

std::size_t delete_retained(Turn& turn, std::string_view filter, TopicCursor& cursor) {
  std::vector<TopicTree::Found> found;
  turn.state.retained_topics().match(filter, cursor, kOperatePage, found);
  for (const TopicTree::Found& topic : found) turn.apply(RetainedCleared{std::string(topic.topic)});
  return found.size();
}

Result<Routed> publish_message(Turn& turn, Message message) {
  const std::string objection = objection_to(turn, message);
  if (!objection.empty()) return failure(objection);
  message.published_at = turn.now;
  Publication publication{std::make_shared<Message>(std::move(message)), SessionId::none, true};
  const Routed routed = route(turn, publication);
  if (routed == Routed::disk_full)
    return failure("The disk of the broker is nearly full; nothing was published.");
  if (routed == Routed::queue_full)
    return failure("The queue of a receiver is full; nothing was published.");
  return routed;
}

}  // namespace tandemq
