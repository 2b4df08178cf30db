#include "transfer/import.hpp"

#include "access/lines.hpp"
#include "broker/deliver.hpp"
#include "broker/leave.hpp"
#include "broker/retain.hpp"
#include "broker/will.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace tandemq {
namespace {

constexpr std::string_view kConnected = " is connected here; what it has is not touched.";
constexpr std::string_view kReplace = " --replace puts the imported one in its place.";

std::string client_of(std::string_view client) {
  return "The client " + quoted(client);
}

bool is_connected(const Turn& turn, const Session& session) {
  return turn.world.connections.of(session.id) != nullptr;
}

// Why these settings do not grant the subscription; empty if they do.
std::string objection_to(const Turn& turn, const Session& session, const SubscriptionLine& line) {
  const MqttConfig& mqtt = turn.world.config.mqtt;
  const LimitsConfig& limits = turn.world.config.limits;
  const auto shared = split_shared(line.filter);
  const std::string_view inner = shared ? shared->filter : std::string_view(line.filter);
  if (shared && !mqtt.shared_available) return "mqtt.shared_available is off.";
  if (has_wildcard(inner) && !mqtt.wildcard_available) return "mqtt.wildcard_available is off.";
  if (!is_valid_filter(inner, {limits.topic_levels_max, UINT16_MAX}))
    return "The filter has more levels than limits.topic_levels_max.";
  if (session.filters.size() >= limits.subscriptions_max && !session.filters.contains(line.filter))
    return client_of(line.client) + " has limits.subscriptions_max subscriptions.";
  return {};
}

std::string objection_to(const Turn& turn, const Session& session, const QueuedLine& line) {
  const Outgoing& outgoing = session.outgoing;
  if (static_cast<std::uint8_t>(line.qos) > turn.world.config.mqtt.max_qos)
    return "mqtt.max_qos does not allow its QoS.";
  if (line.qos == mqtt::QoS::at_most_once && !turn.world.config.mqtt.queue_qos0)
    return "mqtt.queue_qos0 is off, so a message of QoS 0 does not wait.";
  if (line.packet_id == 0) return {};
  if (outgoing.queued_count() > 0) return "What is in flight stands before what waits.";
  if (outgoing.find_inflight(line.packet_id))
    return client_of(line.client) + " has a delivery with this packet id already.";
  return {};
}

std::string objection_to(const Turn& turn, const Message& message) {
  const Config& config = turn.world.config;
  if (!config.mqtt.retain_available) return "mqtt.retain_available is off.";
  if (message.payload.empty()) return "An empty message cannot be a retained one.";
  const MessageRef here = turn.state.find_retained(message.topic);
  if (here && here->published_at > message.published_at)
    return "The retained message that " + tandemq::quoted(message.topic) +
           " has here is newer; it stays.";
  const Limit limit = retain_obstacle(turn.world, message.topic, message.size());
  if (limit != Limit::count) return std::string(full_text(limit)) + ".";
  return {};
}

// A delivery that its receiver has already needs no message, but has to have had one.
void put_released(Turn& turn, Queued queued) {
  Message message;
  message.id = turn.state.next_message_id();
  message.qos = mqtt::QoS::exactly_once;
  message.published_at = turn.now;
  queued.message = message.id;
  turn.apply(MessageStored{std::make_shared<const Message>(std::move(message))});
  turn.apply(queued);
  turn.apply(Released{queued.session, queued.packet_id});
}

}  // namespace

Result<ImportReport> Importer::take(Turn& turn, const std::vector<Line>& page) {
  if (turn.world.disk_low) return failure("The disk of the broker is nearly full.");
  ImportReport report;
  for (std::size_t i = 0; i < page.size(); ++i) {
    const auto taken = std::visit([&](const auto& line) { return take_line(turn, line); }, page[i]);
    if (!taken) {
      report.refused.push_back({i, taken.error().text});
    } else if (*taken == Taken::expired) {
      ++report.expired;
    } else {
      ++report.taken[page[i].index()];
    }
  }
  return report;
}

// What follows has ids of its own.
Result<Importer::Taken> Importer::take_line(Turn&, const HeaderLine&) {
  messages_.clear();
  kept_.clear();
  kept_bytes_ = 0;
  return Taken::yes;
}

bool Importer::is_imported(const Session& session) const {
  const auto found = sessions_.find(session.id);
  return found != sessions_.end() && found->second == session.opened_at;
}

Result<void> Importer::make_room(Turn& turn, const SessionLine& line) {
  const Session* session = turn.state.find_session(line.client);
  if (session == nullptr) return {};
  if (is_connected(turn, *session))
    return failure(client_of(line.client) + std::string(kConnected));
  if (is_imported(*session)) return failure(client_of(line.client) + " has two session lines.");
  if (!replace_)
    return failure(client_of(line.client) + " has a session here." + std::string(kReplace));
  end_session(turn, session->id, DropReason::session_ended);
  return {};
}

Result<Importer::Taken> Importer::take_line(Turn& turn, const SessionLine& line) {
  if (line.expiry_s == 0)
    return failure("The session of " + tandemq::quoted(line.client) + " ends with its connection.");
  if (auto made = make_room(turn, line); !made) return tl::unexpected(std::move(made.error()));
  const SessionId id = turn.state.free_session_id();
  const Instant opened_at = line.opened_at.is_never() ? turn.now : line.opened_at;
  const std::uint32_t expiry_s =
      std::min(line.expiry_s, turn.world.config.limits.session_expiry_max_s);
  turn.apply(SessionOpened{id, line.client, line.user, expiry_s, opened_at, true});
  for (const std::uint16_t packet_id : line.incoming) turn.apply(IncomingTaken{id, packet_id});
  turn.apply(SessionSuspended{id, expiry_s, turn.now});
  turn.watch(turn.state.session(id)->expires_at(), {Due::Kind::session, index(id), {}});
  sessions_[id] = opened_at;
  return Taken::yes;
}

Result<const Session*> Importer::session_of(const Turn& turn, std::string_view client) const {
  const Session* session = turn.state.find_session(client);
  if (session == nullptr)
    return failure(client_of(client) + " has no session; its line stands before what names it.");
  if (is_connected(turn, *session)) return failure(client_of(client) + std::string(kConnected));
  if (!is_imported(*session))
    return failure(client_of(client) + " has a session here that is not of this import.");
  return session;
}

Result<Importer::Taken> Importer::take_line(Turn& turn, const SubscriptionLine& line) {
  const auto session = session_of(turn, line.client);
  if (!session) return tl::unexpected(session.error());
  const std::string objection = objection_to(turn, **session, line);
  if (!objection.empty()) return failure(objection);
  SubscriptionOptions options = line.options;
  options.qos = std::min(options.qos, turn.world.config.mqtt.max_qos);
  turn.apply(Subscribed{(*session)->id, line.filter, encode_options(options), line.identifier});
  return Taken::yes;
}

Result<Importer::Taken> Importer::take_line(Turn& turn, const MessageLine& line) {
  const std::string& topic = line.message->topic;
  if (!is_valid_name(topic, {turn.world.config.limits.topic_levels_max, UINT16_MAX}))
    return failure("The topic has more levels than limits.topic_levels_max.");
  if (topic.starts_with("$SYS") || is_shared(topic))
    return failure("Topics of $SYS and $share belong to the broker.");
  if (messages_.contains(line.message->id))
    return failure("The message " + std::to_string(number(line.message->id)) + " has two lines.");
  keep(line.message);
  return Taken::yes;
}

void Importer::keep(const MessageRef& message) {
  messages_[message->id] = {MessageId::none, message->expires_at, message->size(), message};
  kept_.push_back(message->id);
  kept_bytes_ += message->size();
  while (kept_bytes_ > kKeptBytes && kept_.size() > 1) {
    const auto oldest = messages_.find(kept_.front());
    kept_bytes_ -= oldest->second.body->size();
    oldest->second.body.reset();
    kept_.pop_front();
  }
}

Result<Importer::Known*> Importer::find(MessageId id) {
  const auto found = messages_.find(id);
  if (found != messages_.end()) return &found->second;
  return failure("The message " + std::to_string(number(id)) +
                 " has no line before this one, or it was refused.");
}

Result<const StoredMessage*> Importer::store(Turn& turn, Known& known, bool with_body) {
  const StoredMessage* stored = turn.state.stored(known.stored);
  if (stored != nullptr && (stored->body || !with_body)) return stored;
  // It is new, or all who had it have acknowledged it since.
  if (!known.body)
    return failure("Its message stands more than 64 MB before this line; move it nearer.");
  auto message = std::make_shared<Message>(*known.body);
  message->id = known.stored = turn.state.next_message_id();
  turn.apply(MessageStored{std::move(message)});
  return turn.state.stored(known.stored);
}

std::string Importer::limit_reached(const Turn& turn, const Session& session, const Known& known) {
  if (!is_full(turn.world, session, known.size)) return {};
  return "The queue of " + tandemq::quoted(session.client_id) +
         " is full, see limits.max_queued_messages and limits.max_queued_bytes.";
}

Result<Importer::Taken> Importer::take_line(Turn& turn, const QueuedLine& line) {
  const auto session = session_of(turn, line.client);
  if (!session) return tl::unexpected(session.error());
  if (std::string objection = objection_to(turn, **session, line); !objection.empty())
    return failure(std::move(objection));
  Queued queued;
  queued.session = (*session)->id;
  queued.sequence = (*session)->outgoing.next_sequence();
  queued.qos = line.qos;
  queued.retain = line.retain;
  queued.packet_id = line.packet_id;
  queued.share = line.share;
  queued.subscription_ids = line.identifiers;
  if (line.released) {
    put_released(turn, std::move(queued));
    return Taken::yes;
  }
  const auto known = find(line.message);
  if (!known) return tl::unexpected(known.error());
  if (line.packet_id == 0 && (*known)->expires_at <= turn.now) return Taken::expired;
  if (std::string full = limit_reached(turn, **session, **known);
      line.packet_id == 0 && !full.empty())
    return failure(std::move(full));
  const auto stored = store(turn, **known, false);
  if (!stored) return tl::unexpected(stored.error());
  queued.message = (*stored)->id;
  turn.apply(queued);
  return Taken::yes;
}

Result<Importer::Taken> Importer::take_line(Turn& turn, const RetainedLine& line) {
  const auto known = find(line.message);
  if (!known) return tl::unexpected(known.error());
  if ((*known)->expires_at <= turn.now) return Taken::expired;
  const StoredMessage* here = turn.state.stored((*known)->stored);
  const MessageRef body = (*known)->body || here == nullptr ? (*known)->body : here->body;
  if (body) {
    std::string objection = objection_to(turn, *body);
    if (!objection.empty()) return failure(std::move(objection));
  }
  const auto stored = store(turn, **known, true);
  if (!stored) return tl::unexpected(stored.error());
  turn.apply(RetainedSet{(*stored)->id});
  turn.watch((*stored)->expires_at, {Due::Kind::retained, 0, (*stored)->body->topic});
  return Taken::yes;
}

Result<Importer::Taken> Importer::take_line(Turn& turn, const WillLine& line) {
  const std::string& client = line.will.client_id;
  const Session* session = turn.state.find_session(client);
  if (session != nullptr && is_connected(turn, *session))
    return failure(client_of(client) + std::string(kConnected));
  if (session != nullptr && !is_imported(*session))
    return failure(client_of(client) + " has a session here that is not of this import.");
  if (turn.state.wills().contains(client) && !replace_)
    return failure(client_of(client) + " has a will here." + std::string(kReplace));
  mqtt::Will will;
  will.topic = line.will.message->topic;
  will.qos = line.will.message->qos;
  will.retain = line.will.message->retain;
  const mqtt::ReasonCode problem = will_problem(turn.world, will);
  if (problem != mqtt::ReasonCode::success)
    return failure("The will cannot be accepted: " + std::string(name(problem)) + ".");
  turn.apply(line.will);
  // Who was connected has lost the connection now, as after a crash.
  const Instant delayed = session != nullptr ? turn.now.plus_s(line.will.delay_s) : turn.now;
  schedule_will(turn, client, line.at.is_never() ? delayed : line.at);
  return Taken::yes;
}

}  // namespace tandemq
