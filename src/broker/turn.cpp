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

}  // namespace

void Turn::apply(const Mutation& mutation) {
  if (is_durable(state, mutation)) {
    effects.record.add(mutation);
    recorded_ = true;
  }
  world.state.apply(mutation);
}

void Turn::put(Connection& connection, bool held, Output output) {
  if (held) connection.held_until = effects.next_lsn;
  Outputs& outputs = connection.held_until > effects.released_lsn ? effects.held : effects.free;
  outputs.list.push_back(std::move(output));
}

void Turn::send_packet(Connection& connection, mqtt::Packet packet) {
  // [MQTT-3.1.2-24, -25]: what is too large for the client is discarded as if it had been sent.
  const bool limited = connection.packet_size_max != UINT32_MAX;
  if (limited && mqtt::encoded_size(packet, connection.version) > connection.packet_size_max)
    return;
  send(connection, std::make_unique<mqtt::Packet>(std::move(packet)));
}

void Turn::deliver(Connection& connection, const MessageRef& message, Deliver delivery) {
  const bool held = delivery.qos != mqtt::QoS::at_most_once && message->id != MessageId::none;
  if (held) connection.held_until = effects.next_lsn;
  Outputs& outputs = connection.held_until > effects.released_lsn ? effects.held : effects.free;
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
  outputs.list.push_back({connection.id, std::move(delivery)});
}

mqtt::Properties Turn::reason_string(const Connection& connection, std::string_view why) const {
  mqtt::Properties properties;
  constexpr std::size_t kRoomForTheRest = 64;  // Header, reason and other properties.
  const bool fits = why.size() + kRoomForTheRest <= connection.packet_size_max;
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
  world.drops.add({0, now, reason, 1, std::string(client_id), message->topic});
  const std::string& prefix = world.config.mqtt.dead_letter_topic;
  if (!prefix.empty() && !message->topic.starts_with(prefix + "/"))
    world.dead_letters.emplace_back(reason, message);
}

void Turn::trace(const Connection& connection, std::string_view topic, std::string text) const {
  world.trace.report(
      {now, connection.client_id, connection.origin->address, std::string(topic), std::move(text)});
}

}  // namespace tandemq
