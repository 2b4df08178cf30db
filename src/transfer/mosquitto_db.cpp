#include "transfer/mosquitto_db.hpp"

#include "access/lines.hpp"
#include "base/utf8.hpp"
#include "session/session.hpp"
#include "topic/name.hpp"
#include "transfer/line_fields.hpp"
#include "transfer/mosquitto_db_chunks.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace tandemq {
namespace {

constexpr std::uint8_t kMessageIdSize = 8;
constexpr std::string_view kMessageGone = "its message has expired or is not in the file";
constexpr std::string_view kSessionGone = "its client has no session in the file";

Instant instant_of(std::int64_t seconds) {
  return seconds > 0 ? Instant{0}.plus_s(seconds) : Instant::never();
}

std::optional<mqtt::Properties> properties_of(ByteView bytes) {
  mqtt::Properties properties;
  if (bytes.empty()) return properties;
  Reader reader(bytes);
  if (read_properties(reader, mqtt::PropertyPlace::publish, properties)) return std::nullopt;
  return properties;
}

SubscriptionIds identifiers_of(const mqtt::Properties& properties) {
  SubscriptionIds identifiers;
  for (const mqtt::Property& property : properties.list())
    if (property.id == mqtt::PropertyId::subscription_identifier)
      identifiers.push_back(property.number);
  return identifiers;
}

// Nothing if the state does not fit the QoS.
std::optional<DeliveryPhase> phase_of(const MosquittoDelivery& delivery) {
  using enum MosquittoPhase;
  const auto only = [&](std::uint8_t qos, DeliveryPhase phase) {
    return delivery.qos == qos ? std::optional(phase) : std::nullopt;
  };
  switch (delivery.phase) {
    case queued:
      return delivery.qos <= 2 ? std::optional(DeliveryPhase::queued) : std::nullopt;
    case to_send_qos0:
      return only(0, DeliveryPhase::queued);
    case to_send_qos1:
    case wait_for_puback:
      return only(1, DeliveryPhase::sent);
    case to_send_qos2:
    case wait_for_pubrec:
      return only(2, DeliveryPhase::sent);
    case to_send_pubrel:
    case wait_for_pubcomp:
      return only(2, DeliveryPhase::released);
    default:
      return std::nullopt;
  }
}

// Counts what is lost, a sentence for each reason.
class Losses {
 public:
  void add(std::string_view what, std::string_view why, ByteView example) {
    Loss& loss = losses_[{std::string(what), std::string(why)}];
    if (loss.count++ == 0) loss.example = quoted(example);
  }
  [[nodiscard]] std::vector<std::string> sentences() const {
    std::vector<std::string> out;
    for (const auto& [key, loss] : losses_)
      out.push_back(key.first + " left out, because " + key.second + ": " +
                    std::to_string(loss.count) + ", the first is " + loss.example + ".");
    return out;
  }

 private:
  struct Loss {
    std::uint64_t count = 0;
    std::string example;
  };
  std::map<std::pair<std::string, std::string>, Loss> losses_;
};

class DbReader {
 public:
  explicit DbReader(Instant now) : now_(now) {}

  void add(const MosquittoMessage& chunk);
  void add(const MosquittoDelivery& chunk);
  void add(const MosquittoRetained& chunk);
  void add(const MosquittoSubscription& chunk);
  void add(const MosquittoClient& chunk);
  void add(const MosquittoConfiguration& chunk) { message_id_size_ = chunk.message_id_size; }
  void add(const MosquittoDamage&) { losses_.add("Chunk", "its fields do not fit", "damage"); }
  void add(const MosquittoOther& chunk) {
    losses_.add("Chunk", "its kind is not known", "kind " + std::to_string(chunk.kind));
  }
  [[nodiscard]] bool knows_ids() const { return message_id_size_ == kMessageIdSize; }
  MosquittoDb finish(std::size_t torn_size);

 private:
  struct Client {
    SessionLine session;
    std::map<std::string, SubscriptionLine, std::less<>> subscriptions;  // By filter.
    // Both name their messages by the ids of the file.
    std::vector<QueuedLine> inflight;
    std::vector<QueuedLine> waiting;
    std::set<std::uint16_t> packet_ids;  // Those in flight.
  };
  // A QoS 2 message that the broker has taken over and, until its PUBREL, given to nobody.
  struct HalfTaken {
    std::uint64_t message = 0;
    std::string client;
  };

  Client* find(ByteView client);
  void take_incoming(Client& client, const MosquittoDelivery& chunk);
  void route(const HalfTaken& taken);
  static void offer(Client& client, const Message& message, std::uint64_t id, bool own,
                    std::set<std::string>& groups);
  void number_messages();
  void write_message(std::vector<Line>& lines, std::uint64_t id);
  void write_client(std::vector<Line>& lines, Client& client);
  std::vector<std::string> report(std::size_t torn_size) const;

  Instant now_;
  std::uint8_t message_id_size_ = kMessageIdSize;
  std::map<std::uint64_t, Message> messages_;                   // By the id of the file.
  std::map<std::string, Client, std::less<>> clients_;          // By client id.
  std::map<std::string, std::uint64_t, std::less<>> retained_;  // By topic.
  std::vector<HalfTaken> half_taken_;
  std::map<std::uint64_t, MessageId> new_ids_;
  Losses losses_;
};

DbReader::Client* DbReader::find(ByteView client) {
  const auto found = clients_.find(client);
  return found == clients_.end() ? nullptr : &found->second;
}

void DbReader::add(const MosquittoMessage& chunk) {
  const Instant expires_at = instant_of(chunk.expires_at_s);
  if (expires_at <= now_) return;  // Those who wait for it will say so.
  if (chunk.qos > 2 || !is_any_topic(chunk.topic))
    return losses_.add("Message", "its topic or QoS is not valid", chunk.topic);
  const auto properties = properties_of(chunk.properties);
  if (!properties) losses_.add("Properties of a message", "they are not valid", chunk.topic);
  Message message;
  message.qos = static_cast<mqtt::QoS>(chunk.qos);
  message.retain = chunk.retain;
  message.published_at = now_;
  message.expires_at = expires_at;
  message.topic = chunk.topic;
  message.payload = chunk.payload;
  if (properties) message.forwarded = forwarded_properties(*properties);
  if (chunk.retain && is_mqtt_utf8(chunk.publisher)) message.publisher = chunk.publisher;
  messages_.try_emplace(chunk.id, std::move(message));
}

void DbReader::add(const MosquittoClient& chunk) {
  if (chunk.client.empty() || !is_mqtt_utf8(chunk.client))
    return losses_.add("Session", "its client id is not valid", chunk.client);
  if (chunk.expiry_s == 0)
    return losses_.add("Session", "it ends with its connection", chunk.client);
  const Instant expires_at = instant_of(chunk.expires_at_s);
  if (expires_at <= now_) return losses_.add("Session", "it has expired", chunk.client);

  SessionLine line;
  line.client = chunk.client;
  line.expiry_s = chunk.expiry_s;
  line.suspended_at = now_;
  if (!expires_at.is_never() && chunk.expiry_s == kNeverExpires) {  // persistent_client_expiration
    const std::int64_t left_s = ms_between(now_, expires_at) / 1000;
    line.expiry_s = static_cast<std::uint32_t>(std::min<std::int64_t>(left_s, kNeverExpires));
  } else if (!expires_at.is_never()) {
    line.suspended_at =
        Instant{std::max<std::int64_t>(expires_at.ms - std::int64_t{chunk.expiry_s} * 1000, 0)};
  }
  line.opened_at = line.suspended_at;
  // Mosquitto 2.0.11 writes for a client without a user name the one of the client before, every
  // other time with bytes from behind its end.
  if (is_mqtt_utf8(chunk.user)) {
    line.user = chunk.user;
  } else {
    losses_.add("User name of a session", "it is not valid", chunk.client);
  }
  clients_[line.client].session = std::move(line);
}

void DbReader::add(const MosquittoSubscription& chunk) {
  Client* client = find(chunk.client);
  if (client == nullptr) return losses_.add("Subscription", kSessionGone, chunk.client);
  if (!is_any_filter(chunk.filter) || chunk.qos > 2 || chunk.identifier > kVariableU32Max)
    return losses_.add("Subscription", "its filter, QoS or identifier is not valid", chunk.filter);
  SubscriptionLine line;
  line.client = chunk.client;
  line.filter = chunk.filter;
  line.identifier = chunk.identifier;
  line.options.qos = chunk.qos;
  line.options.no_local = (chunk.options & 0x04U) != 0;
  line.options.retain_as_published = (chunk.options & 0x08U) != 0;
  client->subscriptions.insert_or_assign(line.filter, line);
}

void DbReader::add(const MosquittoDelivery& chunk) {
  Client* client = find(chunk.client);
  if (client == nullptr) return losses_.add("Delivery", kSessionGone, chunk.client);
  if (chunk.incoming) return take_incoming(*client, chunk);
  auto phase = phase_of(chunk);
  if (!phase) return losses_.add("Delivery", "its state is not valid", chunk.client);
  const bool fresh_id = chunk.packet_id != 0 && !client->packet_ids.contains(chunk.packet_id);
  if (*phase == DeliveryPhase::released && !fresh_id)
    return losses_.add("Delivery", "its packet id is not valid", chunk.client);
  // Better twice than never.
  if (*phase == DeliveryPhase::sent && !fresh_id) phase = DeliveryPhase::queued;

  QueuedLine line;
  line.client = chunk.client;
  line.qos = static_cast<mqtt::QoS>(chunk.qos);
  line.retain = chunk.retain;
  line.released = *phase == DeliveryPhase::released;
  if (!line.released) {
    if (!messages_.contains(chunk.message))
      return losses_.add("Delivery", kMessageGone, chunk.client);
    line.message = static_cast<MessageId>(chunk.message);
    if (const auto properties = properties_of(chunk.properties))
      line.identifiers = identifiers_of(*properties);
  }
  if (*phase == DeliveryPhase::queued) return client->waiting.push_back(std::move(line));
  line.packet_id = chunk.packet_id;
  client->packet_ids.insert(chunk.packet_id);
  client->inflight.push_back(std::move(line));
}

// What has had no PUBREC is sent again by the client and so is not lost here.
void DbReader::take_incoming(Client& client, const MosquittoDelivery& chunk) {
  using enum MosquittoPhase;
  const bool taken = chunk.phase == wait_for_pubrel || chunk.phase == to_send_pubrec ||
                     chunk.phase == to_send_pubcomp;
  if (chunk.qos != 2 || !taken || chunk.packet_id == 0) return;
  auto& incoming = client.session.incoming;
  const auto at = std::ranges::lower_bound(incoming, chunk.packet_id);
  if (at != incoming.end() && *at == chunk.packet_id) return;
  incoming.insert(at, chunk.packet_id);
  half_taken_.push_back({chunk.message, client.session.client});
}

void DbReader::add(const MosquittoRetained& chunk) {
  const auto message = messages_.find(chunk.message);
  if (message == messages_.end())
    return losses_.add("Retained message", kMessageGone, std::to_string(chunk.message));
  if (message->second.payload.empty()) return;  // Stands for none.
  retained_.insert_or_assign(message->second.topic, chunk.message);
}

// Our broker gives a QoS 2 message to its receivers before the PUBREC, Mosquitto after the PUBREL:
// so what Mosquitto has still to do is done here [MQTT-4.3.3-8].
void DbReader::route(const HalfTaken& taken) {
  const auto found = messages_.find(taken.message);
  if (found == messages_.end())
    return losses_.add("Message on its way to the broker", kMessageGone, taken.client);
  const Message& message = found->second;
  std::set<std::string> groups;
  for (auto& [name, client] : clients_)
    offer(client, message, taken.message, name == taken.client, groups);
  if (!message.retain) return;
  if (message.payload.empty()) {
    retained_.erase(message.topic);
  } else {
    retained_.insert_or_assign(message.topic, taken.message);
  }
}

// One delivery for all subscriptions that match, as broker/route does it; of a shared group the
// first member gets it.
void DbReader::offer(Client& client, const Message& message, std::uint64_t id, bool own,
                     std::set<std::string>& groups) {
  QueuedLine line;
  line.client = client.session.client;
  line.message = static_cast<MessageId>(id);
  bool matched = false;
  for (const auto& [filter, subscription] : client.subscriptions) {
    const auto shared = split_shared(filter);
    if (!matches(shared ? shared->filter : std::string_view(filter), message.topic)) continue;
    if (own && subscription.options.no_local && !shared) continue;
    if (shared && !groups.insert(filter).second) continue;
    const auto qos = std::min(static_cast<mqtt::QoS>(subscription.options.qos), message.qos);
    matched = true;
    line.qos = std::max(line.qos, qos);
    line.retain = line.retain || (subscription.options.retain_as_published && message.retain);
    if (subscription.identifier != 0) line.identifiers.push_back(subscription.identifier);
  }
  if (matched && line.qos != mqtt::QoS::at_most_once) client.waiting.push_back(std::move(line));
}

// Only messages that somebody refers to; their ids rise in the order of publication.
void DbReader::number_messages() {
  std::set<std::uint64_t> wanted;
  for (const auto& [topic, id] : retained_) wanted.insert(id);
  for (const auto& [name, client] : clients_)
    for (const auto* deliveries : {&client.inflight, &client.waiting})
      for (const QueuedLine& line : *deliveries)
        if (!line.released) wanted.insert(number(line.message));
  for (const std::uint64_t id : wanted)
    new_ids_.emplace(id, static_cast<MessageId>(new_ids_.size() + 1));
}

// Before the first line that names it.
void DbReader::write_message(std::vector<Line>& lines, std::uint64_t id) {
  auto message = messages_.extract(id);
  if (message.empty()) return;
  message.mapped().id = new_ids_.at(id);
  lines.emplace_back(MessageLine{std::make_shared<const Message>(std::move(message.mapped()))});
}

void DbReader::write_client(std::vector<Line>& lines, Client& client) {
  lines.emplace_back(std::move(client.session));
  for (auto& subscription : client.subscriptions) lines.emplace_back(subscription.second);
  for (auto* deliveries : {&client.inflight, &client.waiting}) {
    for (QueuedLine& line : *deliveries) {
      if (!line.released) {
        write_message(lines, number(line.message));
        line.message = new_ids_.at(number(line.message));
      }
      lines.emplace_back(std::move(line));
    }
  }
}

std::vector<std::string> DbReader::report(std::size_t torn_size) const {
  std::vector<std::string> report = losses_.sentences();
  if (torn_size > 0)
    report.push_back("The file ends inside a chunk, " + std::to_string(torn_size) +
                     " bytes after its begin: what followed is lost. Compare it with a backup.");
  if (clients_.empty()) return report;
  report.emplace_back(
      "A mosquitto.db holds no wills, and no sessions that began with a clean start.");
  const auto has_shared = [](const auto& client) {
    return std::ranges::any_of(client.second.subscriptions,
                               [](const auto& row) { return is_shared(row.first); });
  };
  if (std::ranges::none_of(clients_, has_shared))
    report.emplace_back(
        "The file holds no shared subscriptions. Mosquitto 2.0.11, for one, does not save them: "
        "clients that had some have to subscribe again.");
  return report;
}

MosquittoDb DbReader::finish(std::size_t torn_size) {
  for (const HalfTaken& taken : half_taken_) route(taken);
  MosquittoDb out;
  out.report = report(torn_size);
  out.lines.emplace_back(HeaderLine{kLineFormat, "mosquitto.db", now_});
  number_messages();
  for (auto& client : clients_) write_client(out.lines, client.second);
  for (const auto& [topic, id] : retained_) {
    write_message(out.lines, id);
    out.lines.emplace_back(RetainedLine{new_ids_.at(id)});
  }
  return out;
}

}  // namespace

Result<MosquittoDb> read_mosquitto_db(ByteView database, Instant now) {
  auto chunks = MosquittoChunksView::open(database);
  if (!chunks) return failure(chunks.error().text);
  DbReader reader(now);
  while (const auto chunk = chunks->next()) {
    std::visit([&reader](const auto& kind) { reader.add(kind); }, *chunk);
    if (!reader.knows_ids()) return failure("Its message ids do not have 8 bytes.");
  }
  return reader.finish(chunks->torn_size());
}

}  // namespace tandemq
