#include "broker/turn.hpp"

#include "mqtt/encode.hpp"

#include <type_traits>
#include <utility>

namespace tandemq {
namespace {

// Messages, retained ones and wills are in the log only because something durable needs them; all
// else is as durable as its session.
bool is_durable(const State& state, const Mutation& mutation) {
  return std::visit(
      [&state](const auto& m) {
        using T = std::decay_t<decltype(m)>;
        if constexpr (std::is_same_v<T, SessionOpened>) {
          return m.durable;
        } else if constexpr (requires { m.session; }) {
          return state.session(m.session)->durable;
        } else {
          return true;
        }
      },
      mutation);
}

// Field by field: a temporary would be written and read back in pieces that do not fit.
inline void fill(HistoryEvent& event, Instant at, MessageId message, HistoryText text,
                 std::uint32_t lsn, SessionId session, std::uint32_t number, Happening what,
                 std::uint8_t detail, mqtt::QoS qos) {
  event.at = at;
  event.message = message;
  event.text = text;
  event.lsn = lsn;
  event.session = session;
  event.number = number;
  event.what = what;
  event.detail = detail;
  event.qos = qos;
}

}  // namespace

void Turn::apply(const Mutation& mutation) {
  if (is_durable(state, mutation)) {
    effects.record.add(mutation);
    recorded_ = true;
  }
  world.state.apply(mutation);
}

// What is held waits for the record of its whole batch, so whatever follows waits for that too, and
// not only for the record that was waited for before; and at no lesser level, for the same reason.
Outputs& Turn::outputs_for(Connection& connection, CommitLevel level) {
  const bool waits = connection.held_until > effects.released.at(connection.held_level);
  if (waits && level < connection.held_level) level = connection.held_level;
  if (level != CommitLevel::memory) {
    connection.held_until = effects.next_lsn;
    connection.held_level = level;
  }
  return effects.at(level);
}

void Turn::send_packet(Connection& connection, mqtt::Packet packet) {
  // [MQTT-3.1.2-24, -25]: what is too large for the client is discarded as if it had been sent.
  const bool limited = connection.packet_size_max != UINT32_MAX;
  if (limited && mqtt::encoded_size(packet, connection.version) > connection.packet_size_max)
    return;
  send(connection, std::make_unique<mqtt::Packet>(std::move(packet)));
}

void Turn::deliver(Connection& connection, const MessageRef& message, Deliver&& delivery) {
  const bool held = delivery.qos != mqtt::QoS::at_most_once && message->id != MessageId::none;
  Outputs& outputs = outputs_for(connection, held ? world.level : CommitLevel::memory);
  if (outputs.bodies.empty() || outputs.bodies.back() != message) outputs.bodies.push_back(message);
  delivery.body = static_cast<std::uint32_t>(outputs.bodies.size() - 1);
  ++connection.sent_count;
  ++world.counters.messages_sent[static_cast<std::size_t>(delivery.qos)];
  world.counters.bytes_sent += message->payload.size();
  if (world.trace.active())
    trace(connection, message->topic,
          "PUBLISH out qos=" + std::to_string(static_cast<int>(delivery.qos)) +
              " id=" + std::to_string(delivery.packet_id) +
              " bytes=" + std::to_string(message->payload.size()) + (delivery.dup ? " dup" : ""));
  fill(world.history.append(), now, message->id, topic_of(*message), lsn(), connection.session,
       delivery.packet_id, Happening::publish_out, delivery.dup, delivery.qos);
  outputs.list.emplace_back(connection.id, std::move(delivery));
}

mqtt::Properties Turn::reason_string(const Connection& connection, std::string_view why,
                                     std::size_t payload) const {
  mqtt::Properties properties;
  constexpr std::size_t kRoomForTheRest = 64;  // Header, reason and other properties.
  const bool fits = why.size() + payload + kRoomForTheRest <= connection.packet_size_max;
  if (connection.is_v5() && connection.problem_information && fits && !why.empty())
    properties.add(mqtt::PropertyId::reason_string, why);
  return properties;
}

void Turn::watch(Instant at, const Due& due) {
  if (at.is_never()) return;
  Instant& earliest = world.watched.try_emplace(due, Instant::never()).first->second;
  if (earliest <= at) return;
  earliest = at;
  world.timers.set(at, due);
}

void Turn::drop(DropReason reason, std::string_view client_id, const MessageRef& message) {
  note_drop({0, now, reason, 1, std::string(client_id), message ? message->topic : std::string()});
  if (!message) return;
  const std::string& prefix = world.config.mqtt.dead_letter_topic;
  if (!prefix.empty() && !message->topic.starts_with(prefix + "/"))
    world.dead_letters.emplace_back(reason, message);
}

void Turn::trace(const Connection& connection, std::string_view topic, std::string text) const {
  world.trace.report(
      {now, connection.client_id, connection.origin->address, std::string(topic), std::move(text)});
}

HistoryText Turn::topic_of(const Message& message) const {
  return &message == routed_ ? topic_ : world.history.put_text(message.topic);
}

void Turn::happens(Happening what, SessionId session, mqtt::ReasonCode reason,
                   std::string_view text) {
  const HistoryText kept = world.history.put_text(text);
  const auto detail = static_cast<std::uint8_t>(reason);
  fill(world.history.append(), now, {}, kept, lsn(), session, 0, what, detail, {});
}

void Turn::happens(Happening what, SessionId session, mqtt::ReasonCode reason,
                   std::uint16_t packet_id, MessageId message) {
  const auto detail = static_cast<std::uint8_t>(reason);
  fill(world.history.append(), now, message, {}, lsn(), session, packet_id, what, detail, {});
}

void Turn::happens(Happening what, SessionId session, Wait wait, mqtt::QoS qos,
                   const Message& message) {
  const HistoryText topic = topic_of(message);
  const auto detail = static_cast<std::uint8_t>(wait);
  fill(world.history.append(), now, message.id, topic, lsn(), session, 0, what, detail, qos);
}

void Turn::begin_routing(const Message& message, SessionId publisher, std::uint16_t packet_id) {
  const HistoryText topic = world.history.put_text(message.topic);
  topic_ = topic;
  routed_ = &message;
  if (publisher == SessionId::none) return;
  fill(world.history.append(), now, message.id, topic, lsn(), publisher, packet_id,
       Happening::publish_in, 0, message.qos);
}

void Turn::note_drop(Drop drop) {
  const Session* session = state.find_session(drop.client_id);
  const auto detail = static_cast<std::uint8_t>(drop.reason);
  HistoryEvent& last = world.history.last();
  if (session != nullptr && last.what == Happening::dropped && last.session == session->id &&
      last.at == now && last.detail == detail) {
    // Of many in a row, as when a queue is purged, one event: they would drive out all others.
    last.number += drop.count;
  } else if (session != nullptr) {
    const HistoryText topic = world.history.put_text(drop.topic);
    fill(world.history.append(), now, {}, topic, lsn(), session->id, drop.count - 1,
         Happening::dropped, detail, {});
  }
  world.drops.add(std::move(drop));
}

}  // namespace tandemq
