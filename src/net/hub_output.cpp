// The hub's way out: from outputs to bytes in an outbox, and from there to the socket.
#include "base/ensure.hpp"
#include "mqtt/encode.hpp"
#include "net/hub.hpp"

#include <utility>

namespace tandemq {
namespace {

constexpr std::size_t kShareBytes = 8'192;    // Payloads from here on are referred to, not copied.
constexpr std::size_t kFlushBytes = 131'072;  // So much is sent without waiting for the turn's end.
constexpr std::chrono::seconds kCloseMax{1};  // For a peer to take our last packet and to close.

}  // namespace

void Hub::carry_out(Outputs&& outputs) {
  for (Output& output : outputs.list) {
    ClientSocket* socket = find(output.connection);
    if (socket != nullptr && socket->phase == ClientSocket::Phase::serving) {
      carry_out(*socket, output, outputs);
    }
  }
  if (!in_turn_ && !(dirty_.empty() && dropped_.empty())) schedule_turn();
}

void Hub::carry_out(ClientSocket& socket, Output& output, const Outputs& outputs) {
  if (const auto* delivery = std::get_if<Deliver>(&output.action)) {
    deliver(socket, *delivery, outputs.bodies[delivery->body]);
  } else if (const auto* ack = std::get_if<mqtt::Ack>(&output.action)) {
    send_ack(socket, *ack);
  } else if (const auto* packet = std::get_if<OtherPacket>(&output.action)) {
    send_packet(socket, **packet);
  } else if (const auto* accepted = std::get_if<Accepted>(&output.action)) {
    ENSURE(accepted->version == socket.inbox.version(), "both sides have read the same CONNECT");
    if (accepted->topic_alias_max > 0) {
      socket.aliases = std::make_unique<mqtt::OutboundAliases>(accepted->topic_alias_max);
    }
  } else if (const auto* reading = std::get_if<ReadFrom>(&output.action)) {
    socket.may_read = reading->enabled;
    update_interest(socket);
  } else if (auto* check = std::get_if<CheckPassword>(&output.action)) {
    ports_.check_password(socket.id, std::move(*check));
  } else if (std::holds_alternative<NotifyWhenSent>(output.action)) {
    ++socket.notify_count;
    mark_dirty(socket);
  } else if (auto* close = std::get_if<Close>(&output.action)) {
    begin_close(socket, std::move(close->why));
  }
}

void Hub::deliver(ClientSocket& socket, const Deliver& delivery, const MessageRef& message) {
  if (socket.output_lost) return;
  const std::size_t size_before = socket.outbox.size();
  if (delivery.qos == mqtt::QoS::at_most_once && size_before > limits_.outbox_bytes) {
    Dropped& dropped = dropped_[socket.id];
    dropped.topic = message->topic;
    ++dropped.count;
    return;
  }
  mqtt::PublishParts parts;
  parts.topic = message->topic;
  parts.payload = message->payload;
  parts.forwarded = message->forwarded;
  parts.qos = delivery.qos;
  parts.retain = delivery.retain;
  parts.dup = delivery.dup;
  parts.packet_id = delivery.packet_id;
  if (delivery.expiry_s != Deliver::kNoExpiry) parts.expiry_s = delivery.expiry_s;
  parts.subscription_ids = delivery.subscription_ids;
  if (socket.aliases) {
    const auto choice = socket.aliases->choose(message->topic);
    parts.topic_alias = choice.alias;
    if (choice.known) parts.topic = {};  // [MQTT-3.3.2-12]
  }
  std::string& tail = socket.outbox.tail(pool_);
  if (message->payload.size() < kShareBytes) {
    mqtt::encode_publish(parts, socket.inbox.version(), tail);
    socket.outbox.written();
  } else {
    mqtt::encode_publish_head(parts, socket.inbox.version(), tail);
    socket.outbox.written();
    socket.outbox.add_shared(message);
  }
  bound_output(socket, size_before);
}

void Hub::send_ack(ClientSocket& socket, const mqtt::Ack& ack) {
  if (socket.output_lost) return;
  const std::size_t size_before = socket.outbox.size();
  mqtt::encode_ack(ack, socket.inbox.version(), socket.outbox.tail(pool_));
  socket.outbox.written();
  bound_output(socket, size_before);
}

void Hub::send_packet(ClientSocket& socket, const mqtt::Packet& packet) {
  if (socket.output_lost) return;
  const std::size_t size_before = socket.outbox.size();
  mqtt::encode(packet, socket.inbox.version(), socket.outbox.tail(pool_));
  socket.outbox.written();
  bound_output(socket, size_before);
}

void Hub::bound_output(ClientSocket& socket, std::size_t size_before) {
  // One packet, however large, may always be on its way: only what comes on top counts.
  if (size_before > limits_.outbox_bytes && !socket.overflowed &&
      socket.outbox.owned_size() > 2 * std::size_t{limits_.outbox_bytes}) {
    socket.overflowed = true;
    add_event(OutboxOverflowed{socket.id});
  }
  if (socket.send_waiting) return;
  if (socket.outbox.size() >= kFlushBytes) return flush(socket);
  mark_dirty(socket);
}

void Hub::mark_dirty(ClientSocket& socket) {
  if (socket.dirty || socket.send_waiting) return;
  socket.dirty = true;
  dirty_.push_back(socket.id);
}

void Hub::begin_close(ClientSocket& socket, std::string why, std::uint16_t websocket_code) {
  if (socket.websocket) socket.websocket->output.close(websocket_code);
  socket.phase = ClientSocket::Phase::flushing;
  socket.ending = std::make_unique<ClientSocket::Ending>(
      ClientSocket::Ending{Clock::now() + kCloseMax, std::move(why)});
  watch(socket);
  mark_dirty(socket);  // Its flush goes on with the close.
}

void Hub::flush(ClientSocket& socket) {
  std::uint64_t bytes = 0;
  const ClientSocket::SendResult result = socket.send(pool_, bytes);
  add_to(counters_.bytes_sent, bytes);
  switch (result) {
    case ClientSocket::SendResult::all_sent:
      return all_sent(socket);
    case ClientSocket::SendResult::failed:
      return lose_output(socket);
    case ClientSocket::SendResult::blocked:
      if (bytes > 0 || !socket.send_waiting) socket.progress_at = Clock::now();
      socket.send_waiting = true;
      watch(socket);
      return update_interest(socket);  // The outbox may be within its bound again, too.
  }
}

void Hub::lose_output(ClientSocket& socket) {
  // What the client had sent before it closed still counts: it may end with a DISCONNECT that
  // forbids its will. So the end is found by reading.
  socket.outbox.clear(pool_);
  if (socket.websocket) socket.websocket->output.clear();
  socket.output_lost = true;
  all_sent(socket);
}

void Hub::all_sent(ClientSocket& socket) {
  if (socket.phase == ClientSocket::Phase::flushing && !socket.shut_output()) {
    socket.send_waiting = true;
    return update_interest(socket);
  }
  const bool changes =
      socket.send_waiting || socket.phase != ClientSocket::Phase::serving || !socket.interest.input;
  socket.send_waiting = false;
  for (; socket.notify_count > 0; --socket.notify_count) add_event(SentAll{socket.id});
  if (!changes) return;  // As each time but few.
  if (socket.phase == ClientSocket::Phase::flushing) socket.phase = ClientSocket::Phase::lingering;
  update_interest(socket);
}

}  // namespace tandemq
