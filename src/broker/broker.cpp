#include "broker/broker.hpp"

#include "broker/admit.hpp"
#include "broker/adopt.hpp"
#include "broker/audit_event.hpp"
#include "broker/block.hpp"
#include "broker/connect.hpp"
#include "broker/expire.hpp"
#include "broker/fetch.hpp"
#include "broker/handle.hpp"
#include "broker/leave.hpp"
#include "broker/relieve.hpp"
#include "broker/retain.hpp"
#include "broker/route.hpp"
#include "broker/sys.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace tandemq {
namespace {

using mqtt::ReasonCode;

// One overload an event, for a connection that is there.
struct Step {
  Turn& turn;
  Connection& connection;

  void operator()(Received& event) {
    ++turn.world.counters.packets_received;
    connection.received_at = turn.now;
    handle(turn, connection, std::move(event.packet));
  }
  void operator()(Malformed& event) {
    ++turn.world.counters.protocol_errors;
    if (event.error.reason == ReasonCode::packet_too_large)
      turn.world.limit_hits.add(Limit::max_packet_size, connection.client_id);
    if (connection.phase == ConnectionPhase::closing) return;
    if (connection.phase == ConnectionPhase::opened) {
      // A CONNECT whose version can be told is answered in its own words.
      if (!event.error.connect_version) return close(turn, connection, event.error.why);
      connection.version = *event.error.connect_version;
      connection.phase = ConnectionPhase::verifying;
    }
    refuse(turn, connection, event.error.reason, event.error.why);
  }
  void operator()(Closed& event) {
    // [MQTT-3.1.2-8]: closed without DISCONNECT, so the will is published.
    close(turn, connection, std::move(event.why));
    forget(turn, connection);
    turn.world.connections.close(connection.id);
  }
  void operator()(OutboxDropped& event) {
    turn.note_drop({0, turn.now, DropReason::outbox_full, event.count, connection.client_id,
                    std::move(event.topic)});
  }
  void operator()(OutboxOverflowed&) {
    refuse(turn, connection, ReasonCode::quota_exceeded, "it reads too slowly");
  }
  void operator()(SentAll&) {
    connection.page_sent = true;
    if (connection.phase == ConnectionPhase::ready) continue_retained(turn, connection);
  }
  void operator()(PasswordChecked& event) {
    password_checked(turn, connection, std::move(event.result));
  }
  void operator()(Throttled& event) {
    ++connection.throttled_count;
    connection.throttled_ms += event.pause_ms;
    connection.throttled_until = turn.now.plus_ms(event.pause_ms);
    turn.world.limit_hits.add(event.by_bytes ? Limit::byte_rate : Limit::message_rate,
                              connection.client_id);
  }
  void operator()(Opened&) {}
};

// A dropped message may be kept for inspection under a topic that names the reason.
void publish_dead_letters(Turn& turn) {
  const auto letters = std::exchange(turn.world.dead_letters, {});
  for (const auto& [reason, dropped] : letters) {
    Publication publication;
    publication.message = std::make_shared<Message>(*dropped);
    Message& message = *publication.message;
    message.id = MessageId::none;
    message.retain = false;
    message.expires_at = Instant::never();
    message.topic = turn.world.config.mqtt.dead_letter_topic + "/" + std::string(name(reason)) +
                    "/" + dropped->topic;
    // The topic of a refused message may be none, or be too long with ours before it.
    const TopicLimits limits{UINT32_MAX, UINT16_MAX};
    if (is_valid_name(message.topic, limits)) route(turn, publication);
  }
}

// The connection ends but in the State its session stays connected: whoever takes over adopts it.
void part(Turn& turn, Connection& connection) {
  if (connection.session == SessionId::none) return;
  turn.world.connections.bind(connection.session, nullptr);
  finish_retained(turn, connection);
  connection.session = SessionId::none;
}

}  // namespace

Broker::Broker(State& state, const Config& config, std::shared_ptr<const Access> access)
    : world_(state, config, std::move(access)) {}

void Broker::start(Instant now, Effects& effects) {
  Turn turn(world_, now, effects);
  world_.started_at = now;
  adopt(turn);
  schedule_sys(turn);
}

void Broker::step(Event&& event, Instant now, Effects& effects) {
  Turn turn(world_, now, effects);
  if (auto* opened = std::get_if<Opened>(&event)) {
    Connection& connection = world_.connections.open(opened->connection);
    connection.origin = std::move(opened->origin);
    connection.opened_at = connection.received_at = now;
    ++world_.counters.connections_opened;
    const std::int64_t timeout_ms = world_.config.limits.connect_timeout_ms;
    const std::int64_t waited_ms = connection.origin->waited_ms;
    world_.timers.set(now.plus_ms(std::max<std::int64_t>(0, timeout_ms - waited_ms)),
                      {Due::Kind::connect_timeout, number(connection.id), {}});
    return admit(turn, connection);
  }
  const auto take = [&](auto& e) {
    Connection* connection = world_.connections.find(e.connection);
    if (connection != nullptr) Step{turn, *connection}(e);
  };
  // As nearly each event is; asked for by itself, which is cheaper than by a table of all.
  if (auto* received = std::get_if<Received>(&event))
    take(*received);
  else
    std::visit(take, event);
  if (!world_.dead_letters.empty()) publish_dead_letters(turn);
}

void Broker::bodies_read(std::uint64_t request, const std::vector<MessageRef>& bodies,
                         const std::vector<MessageId>& lost, Instant now, Effects& effects) {
  Turn turn(world_, now, effects);
  take_bodies(turn, request, bodies, lost);
  if (!world_.dead_letters.empty()) publish_dead_letters(turn);
}

void Broker::set_disk_low(bool low) {
  if (world_.disk_low && !low) world_.room_made = true;  // Publishers that wait get another try.
  world_.disk_low = low;
}

bool Broker::take_memory(std::uint64_t resident_bytes, std::uint64_t max_bytes, Instant now,
                         Effects& effects) {
  Turn turn(world_, now, effects);
  return relieve(turn, resident_bytes, max_bytes);
}

void Broker::tick(Instant now, Effects& effects) {
  while (const auto due = world_.timers.take_due(now)) {
    Turn turn(world_, now, effects);
    expire(turn, *due);
    if (!world_.dead_letters.empty()) publish_dead_letters(turn);
  }
}

void Broker::retry_blocked(Instant now, Effects& effects) {
  Turn turn(world_, now, effects);
  tandemq::retry_blocked(turn);
  if (!world_.dead_letters.empty()) publish_dead_letters(turn);
}

void Broker::say_goodbye(Instant now, Effects& effects) {
  const ReasonCode reason = world_.config.mqtt.server_reference.empty()
                                ? ReasonCode::server_shutting_down
                                : ReasonCode::use_another_server;
  Turn turn(world_, now, effects);
  world_.connections.for_each([&](Connection& connection) {
    if (connection.phase == ConnectionPhase::closing) return;
    audit_end(turn, connection, reason, "the server stops");
    if (connection.phase == ConnectionPhase::ready && connection.is_v5())
      send_disconnect(turn, connection, reason, "the server stops");
    part(turn, connection);
    connection.phase = ConnectionPhase::closing;
    turn.send(connection, Close{"the server stops"});
  });
}

void Broker::reload(const Config& config, std::shared_ptr<const Access> access, Instant now,
                    Effects& effects) {
  world_.config = config;
  world_.ack = AckPolicy(config);
  world_.limits = ListenerLimits(config);
  admit_again(world_);
  world_.access = std::move(access);
  world_.revoked.rules_changed();
  world_.connections.for_each([this](Connection& one) {
    if (one.phase == ConnectionPhase::ready)
      one.ack = world_.ack.of_client(one.origin->listener, one.user_name).level;
  });
  world_.drops.keep_at_most(config.limits.drops_kept);
  world_.history.keep_at_most(config.limits.history_events);
  Turn turn(world_, now, effects);
  schedule_sys(turn);
}

}  // namespace tandemq
