#include "tests/broker/lab.hpp"

#include "mqtt/decode.hpp"
#include "mqtt/encode.hpp"
#include "recovery/recover.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <type_traits>
#include <utility>

namespace tandemq {

using mqtt::PacketType;
using mqtt::QoS;
using mqtt::ReasonCode;

namespace {

std::string bytes_of(const Deliver& delivery, const Message& body, mqtt::Version version) {
  mqtt::PublishParts parts;
  parts.topic = body.topic;
  parts.payload = body.payload;
  parts.forwarded = body.forwarded;
  parts.qos = delivery.qos;
  parts.retain = delivery.retain;
  parts.dup = delivery.dup;
  parts.packet_id = delivery.packet_id;
  if (delivery.expiry_s != Deliver::kNoExpiry) parts.expiry_s = delivery.expiry_s;
  parts.subscription_ids = delivery.subscription_ids;
  std::string bytes;
  mqtt::encode_publish(parts, version, bytes);
  return bytes;
}

}  // namespace

Config quiet() {
  Config config;
  config.mqtt.sys_interval_s = 0;
  return config;
}

void Client::take_output(Output& output, const Outputs& outputs) {
  if (closed_) return;
  std::string bytes;
  if (const auto* delivery = std::get_if<Deliver>(&output.action))
    bytes = bytes_of(*delivery, *outputs.bodies[delivery->body], version_);
  if (const auto* ack = std::get_if<mqtt::Ack>(&output.action)) mqtt::encode(*ack, version_, bytes);
  if (const auto* other = std::get_if<OtherPacket>(&output.action))
    mqtt::encode(**other, version_, bytes);
  if (!bytes.empty()) {
    auto packet = mqtt::decode(bytes, version_);
    REQUIRE_MESSAGE(packet.has_value(), packet.error().why);
    received_.push_back(std::move(*packet));
  }
  if (const auto* accepted = std::get_if<Accepted>(&output.action)) version_ = accepted->version;
  if (const auto* read = std::get_if<ReadFrom>(&output.action)) read_ = read->enabled;
  if (auto* check = std::get_if<CheckPassword>(&output.action)) check_ = std::move(*check);
  if (std::holds_alternative<NotifyWhenSent>(output.action)) ++asked_;
  if (auto* close = std::get_if<Close>(&output.action)) {
    closed_ = true;
    why_ = std::move(close->why);
  }
}

void Client::send(mqtt::Packet packet) {
  lab_.step(Received{id_, std::move(packet)});
}

void Client::malformed(ReasonCode reason, std::optional<mqtt::Version> connect_version) {
  lab_.step(Malformed{id_, {reason, "malformed", connect_version}});
}

std::uint16_t Client::next_packet_id() {
  return ++last_packet_id_;
}

ReasonCode Client::await_ack(PacketType type, std::uint16_t packet_id) {
  const auto found = std::find_if(received_.begin(), received_.end(), [&](const auto& packet) {
    const auto* ack = std::get_if<mqtt::Ack>(&packet);
    return ack != nullptr && ack->type == type && ack->packet_id == packet_id;
  });
  REQUIRE_MESSAGE(found != received_.end(), "no ", std::string(name(type)));
  const ReasonCode reason = std::get<mqtt::Ack>(*found).reason;
  received_.erase(found);
  return reason;
}

ReasonCode Client::publish(std::string_view topic, std::string_view payload, int qos) {
  return publish(message(topic, payload, qos));
}

ReasonCode Client::publish(mqtt::Publish packet) {
  const QoS qos = packet.qos;
  const std::uint16_t id = qos == QoS::at_most_once ? std::uint16_t{0} : next_packet_id();
  packet.packet_id = id;
  send(std::move(packet));
  if (qos == QoS::at_most_once) return ReasonCode::success;
  if (qos == QoS::at_least_once) return await_ack(PacketType::puback, id);
  const ReasonCode reason = await_ack(PacketType::pubrec, id);
  if (is_error(reason)) return reason;
  send(ack(PacketType::pubrel, id));
  CHECK(await_ack(PacketType::pubcomp, id) == ReasonCode::success);
  return reason;
}

ReasonCode Client::subscribe(std::string_view filter, int qos) {
  return subscribe(entry(filter, qos));
}

ReasonCode Client::subscribe(mqtt::SubscribeEntry wanted, std::uint32_t identifier) {
  mqtt::Subscribe packet{next_packet_id(), {}, {std::move(wanted)}};
  if (identifier != 0) packet.properties.add(mqtt::PropertyId::subscription_identifier, identifier);
  const std::uint16_t id = packet.packet_id;
  send(std::move(packet));
  const auto answer = take<mqtt::SubscriptionAck>();
  CHECK(answer.packet_id == id);
  REQUIRE(answer.reasons.size() == 1);
  return answer.reasons[0];
}

void Client::unsubscribe(std::string_view filter) {
  send(mqtt::Unsubscribe{next_packet_id(), {}, {std::string(filter)}});
  take<mqtt::SubscriptionAck>();
}

void Client::disconnect(ReasonCode reason) {
  send(mqtt::Disconnect{reason, {}});
}

void Client::lose() {
  gone_ = closed_ = true;
  lab_.step(Closed{id_, "lost"});
}

void Client::taken() {
  REQUIRE(asked_ > 0);
  --asked_;
  lab_.step(SentAll{id_});
}

void Client::verify_password() {
  REQUIRE(check_);
  const auto check = std::move(check_);
  lab_.step(PasswordChecked{id_, check->run()});
}

std::string Client::next() {
  if (received_.empty()) return closed_ ? "closed" : "";
  const mqtt::Packet packet = std::move(received_.front());
  received_.pop_front();
  return describe(packet);
}

std::vector<std::string> Client::all() {
  std::vector<std::string> lines;
  while (!received_.empty()) lines.push_back(next());
  return lines;
}

std::vector<mqtt::Packet> Client::drain() {
  std::vector<mqtt::Packet> packets(std::make_move_iterator(received_.begin()),
                                    std::make_move_iterator(received_.end()));
  received_.clear();
  return packets;
}

std::string Client::next_acknowledged() {
  if (received_.empty()) return next();
  const auto packet = take<mqtt::Publish>();
  acknowledge(packet);
  return describe(packet);
}

void Client::acknowledge(const mqtt::Publish& packet) {
  if (packet.qos == QoS::at_least_once) send(ack(PacketType::puback, packet.packet_id));
  if (packet.qos != QoS::exactly_once) return;
  send(ack(PacketType::pubrec, packet.packet_id));
  await_ack(PacketType::pubrel, packet.packet_id);
  send(ack(PacketType::pubcomp, packet.packet_id));
}

Lab::Lab(Config config, Policy policy)
    : config_(std::move(config)),
      access_(std::make_shared<const Access>(std::move(policy))),
      state_(std::make_unique<State>()),
      primary_(std::make_unique<Primary>(*state_, config_, access_, term_, Position{}, Lsn{0})) {
  primary_->start(now);
  settle();
}

Lab::~Lab() {
  if (std::uncaught_exceptions() > 0) return;
  for (const std::string& difference : replica_.differences(*state_)) FAIL_CHECK(difference);
}

Client& Lab::open(Origin origin) {
  const auto slot = static_cast<std::uint32_t>(clients_.size());
  const ConnectionId id = make_connection_id(0, 1, slot);
  clients_.push_back(std::make_unique<Client>(*this, id));
  for (std::size_t i = 0; i < origin.entropy.size(); ++i)
    origin.entropy[i] = static_cast<std::uint8_t>(slot + i);
  step(Opened{id, std::make_unique<Origin>(std::move(origin))});
  return *clients_.back();
}

Client& Lab::connect(mqtt::Connect packet) {
  Client& client = open();
  client.send(std::move(packet));
  return client;
}

Client& Lab::join(mqtt::Connect packet) {
  Client& client = connect(std::move(packet));
  client.connack = client.take<mqtt::Connack>();
  REQUIRE(client.connack.reason == ReasonCode::success);
  return client;
}

void Lab::step(Event event) {
  primary_->step(std::move(event), now);
  if (!in_batch_) settle();
}

void Lab::batch(const std::function<void()>& steps) {
  in_batch_ = true;
  steps();
  in_batch_ = false;
  settle();
}

void Lab::settle() {
  if (auto record = primary_->seal(now)) {
    replica_.take(*record);
    store_.append({&*record, 1});
    records_.push_back(std::move(*record));
  }
  for (const std::string& broken : state_->check()) FAIL_CHECK(broken);
  if (!holds_commits) primary_->committed(primary_->position().lsn);
  hand_out();
}

void Lab::commit() {
  primary_->committed(primary_->position().lsn);
  hand_out();
}

void Lab::answer_body_request() {
  while (auto request = primary_->take_body_request()) {
    std::vector<MessageRef> bodies;
    std::vector<MessageId> lost;
    for (const MessageId id : request->ids) {
      const std::vector<std::string> keys = {message_key(id)};
      if (auto body = read_message_row(keys[0], store_.get(Table::messages, keys)[0])) {
        bodies.push_back(std::move(*body));
      } else {
        lost.push_back(id);
      }
    }
    primary_->bodies_read(request->number, bodies, lost, now);
    settle();
  }
}

void Lab::hand_out() {
  if (const auto changes = primary_->take_tables()) {
    store_.write_tables(*changes);
    primary_->tables_written();
  }
  if (reads_bodies) answer_body_request();
  for (Outputs& outputs : primary_->take_outputs())
    for (Output& output : outputs.list)
      clients_[connection_slot(output.connection)]->take_output(output, outputs);
  // What a shell does next by itself.
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    Client& client = *clients_[i];
    if (client.closed_ && !std::exchange(client.gone_, true)) step(Closed{client.id_, "closed"});
    if (client.answers_asked && client.asked_ > 0 && !client.gone_) client.taken();
  }
}

void Lab::advance_ms(std::int64_t ms) {
  const Instant until = now.plus_ms(ms);
  while (primary_->next_due() <= until) {
    now = std::max(now, primary_->next_due());
    primary_->tick(now);
    settle();
  }
  now = until;
}

void Lab::restart() {
  for (const auto& client : clients_) client->gone_ = client->closed_ = true;
  Replica recovered;
  for (const Record& record : records_) recovered.take(record);
  for (const std::string& difference : recovered.differences(*state_)) FAIL_CHECK(difference);
  const std::uint64_t before = state_->digest();
  primary_.reset();
  state_ = std::make_unique<State>();
  RecoverOptions how;
  how.bodies_max_bytes = config_.memory.bodies_max_bytes;
  const Recovery recovery = recover(store_, *state_, how);
  INFO(report_of(recovery));
  REQUIRE(recovery.damage.empty());
  REQUIRE(recovery.broken.empty());
  CHECK(state_->digest() == before);
  ++term_.counter;
  primary_ = std::make_unique<Primary>(*state_, config_, access_, term_, recovery.position,
                                       recovery.tables_at);
  primary_->start(now);
  settle();
}

}  // namespace tandemq
