#include "net/hub.hpp"

#include "base/ensure.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <asio/post.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

namespace tandemq {
namespace {

constexpr std::size_t kBufferBytes = 65'536;  // One read.
constexpr std::chrono::seconds kSweepInterval{1};
constexpr std::chrono::seconds kNoProgressMax{30};  // Of a connection over its bound.

}  // namespace

Hub::Hub(asio::io_context& io, std::uint8_t sink, const ListenerLimits& limits, HubPorts ports)
    : io_(io),
      limits_by_listener_(limits),
      limits_(limits.of(0)),
      ports_(std::move(ports)),
      counters_(limits.size()),
      poller_(io, [this](std::uint64_t tag,
                         Interest ready_for) { ready(static_cast<ConnectionId>(tag), ready_for); }),
      slots_(sink),
      buffer_(std::make_unique<char[]>(kBufferBytes)),
      sweep_timer_(io),
      pause_timer_(io) {}

void Hub::set_limits(const ListenerLimits& limits) {
  limits_by_listener_ = limits;
  limits_ = limits.of(0);
  const Instant now = to_instant(Clock::now());
  for (const auto& socket : sockets_) {
    if (!socket) continue;
    set_gate(*socket);
    if (socket->throttled) pauses_.set(now, socket->id);
  }
  set_pause_timer(now);
}

void Hub::offer(int socket, std::unique_ptr<Origin> origin, Transport transport) {
  counters_.connections.fetch_add(1, std::memory_order_relaxed);
  count_of(origin->listener_number).fetch_add(1, std::memory_order_relaxed);
  asio::post(io_, [this, socket, from = std::move(origin), below = std::move(transport)]() mutable {
    adopt(socket, std::move(from), std::move(below));
  });
}

void Hub::adopt(int socket, std::unique_ptr<Origin> origin, Transport transport) {
  if (slots_.full()) {
    ::close(socket);
    counters_.connections.fetch_sub(1, std::memory_order_relaxed);
    count_of(origin->listener_number).fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  const std::uint16_t listener = origin->listener_number;
  const ConnectionId id = slots_.obtain();
  if (sockets_.size() < slots_.slot_count()) sockets_.resize(slots_.slot_count());
  auto& slot = sockets_[connection_slot(id)];
  if (transport.tls) {
    if (!tls_buffers_) tls_buffers_ = std::make_unique<TlsBuffers>();
    slot = std::make_unique<ClientSocket>(
        id, socket,
        std::make_unique<TlsStream>(std::move(transport.tls), *tls_buffers_, socket,
                                    std::move(origin), Clock::now()));
    watch(*slot);  // Its handshake does not take for ever.
  } else {
    slot = std::make_unique<ClientSocket>(id, socket);
  }
  if (transport.websocket) {
    slot->websocket = std::make_unique<WebSocketStream>();
    slot->websocket->upgrade = std::make_unique<WebSocketStream::Upgrade>(
        WebSocketStream::Upgrade{std::move(transport.websocket), Clock::now(), nullptr, {}});
  }
  if (transport.proxy != ProxyUse::none) {
    await_header(*slot, std::move(origin), transport.proxy);
  } else if (!slot->tls) {
    begin_serving(*slot, std::move(origin));
  }
  slot->listener = listener;
  set_gate(*slot);
  update_interest(*slot);
}

void Hub::begin_serving(ClientSocket& socket, std::unique_ptr<Origin> origin) {
  if (socket.websocket) return begin_upgrade(socket, std::move(origin));
  socket.phase = ClientSocket::Phase::serving;
  open(socket, std::move(origin));
}

void Hub::open(ClientSocket& socket, std::unique_ptr<Origin> origin) {
  if (const auto ends = ports_.opened ? ends_of(socket.descriptor) : std::nullopt)
    ports_.opened(socket.id, *ends);
  add_event(Opened{socket.id, std::move(origin)});
}

ClientSocket* Hub::find(ConnectionId id) {
  return slots_.holds(id) ? sockets_[connection_slot(id)].get() : nullptr;
}

void Hub::remove(ClientSocket& socket, std::string why) {
  const ConnectionId id = socket.id;
  const bool announced = socket.phase == ClientSocket::Phase::announcing;
  const bool known = !announced && !(socket.tls && socket.tls->origin) &&
                     !(socket.websocket && socket.websocket->upgrade);
  count_of(socket.listener).fetch_sub(1, std::memory_order_relaxed);
  if (announced) announced_.erase(id);
  if (!known && socket.tls) leave_handshake(socket);
  socket.outbox.clear(pool_);
  slots_.release(id);
  sockets_[connection_slot(id)].reset();
  counters_.connections.fetch_sub(1, std::memory_order_relaxed);
  if (!known) return;
  if (ports_.closed) ports_.closed(id);
  add_event(Closed{id, std::move(why)});
}

void Hub::add_to(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
  // The only writer is the hub's thread, so no locked instruction is needed.
  counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

// ---------------------------------------------------------------- input

bool Hub::wants_input(const ClientSocket& socket) const {
  if (socket.phase == ClientSocket::Phase::serving)
    return socket.may_read && !socket.deferred && !socket.throttled && !socket.inbox.broken() &&
           socket.outbox.size() <= limits_.outbox_bytes;
  if (socket.phase == ClientSocket::Phase::handshaking)
    return !socket.send_waiting && !socket.tls->queued;
  return socket.phase == ClientSocket::Phase::lingering ||
         socket.phase == ClientSocket::Phase::upgrading ||
         socket.phase == ClientSocket::Phase::announcing;
}

void Hub::update_interest(ClientSocket& socket) {
  const Interest wanted{wants_input(socket), socket.send_waiting};
  if (wanted == socket.interest) return;
  poller_.set(socket.descriptor, number(socket.id), socket.interest, wanted);
  socket.interest = wanted;
}

void Hub::ready(ConnectionId id, Interest ready) {
  ClientSocket* socket = find(id);
  if (socket != nullptr && socket->phase == ClientSocket::Phase::handshaking)
    return go_on_with_handshake(*socket);
  if (socket != nullptr && socket->phase == ClientSocket::Phase::announcing)
    return read_header(*socket);
  if (socket != nullptr && ready.output && socket->send_waiting) {
    flush(*socket);
    socket = find(id);
    if (socket != nullptr && socket->tls && socket->tls->holds_input()) ready.input = true;
  }
  if (socket == nullptr || !ready.input) return;
  if (!wants_input(*socket)) return update_interest(*socket);
  if (!congested() || socket->phase != ClientSocket::Phase::serving) return read(*socket);
  socket->deferred = true;
  deferred_.push_back(id);
  update_interest(*socket);
}

void Hub::read(ClientSocket& socket) {
  const ClientSocket::ReadResult result = socket.read({buffer_.get(), kBufferBytes});
  if (socket.websocket) {
    take_frames(socket, {buffer_.get(), result.size});
  } else if (result.size > 0) {
    take_packets(socket, {buffer_.get(), result.size});
  }
  const bool serving = socket.phase == ClientSocket::Phase::serving;
  if (result.ended && !(serving && socket.throttled)) {  // It is found again when all is taken.
    std::string why =
        result.error == 0 ? "closed by the client" : std::generic_category().message(result.error);
    if (socket.ending) why = std::move(socket.ending->why);
    return remove(socket, std::move(why));
  }
  if (result.wants_output) socket.send_waiting = true;
  update_interest(socket);
}

void Hub::take_packets(ClientSocket& socket, ByteView bytes) {
  if (socket.phase != ClientSocket::Phase::serving) return;
  add_to(counters_.bytes_received, bytes.size());
  const std::size_t count = events_.size();
  const std::uint32_t packet_size_max = limits_by_listener_.of(socket.listener).max_packet_size;
  if (socket.gate) {
    socket.gate->open(to_instant(Clock::now()));
    socket.inbox.take(bytes, socket.id, packet_size_max, events_, socket.gate.get());
    if (socket.gate->is_shut()) throttle(socket);
  } else {
    socket.inbox.take(bytes, socket.id, packet_size_max, events_);
  }
  if (events_.size() > count) schedule_turn();
}

void Hub::events_taken(std::size_t count) {
  ENSURE(count <= under_way_, "the core cannot take more events than it was given");
  under_way_ -= count;
  if (congested()) return;
  for (const ConnectionId id : std::exchange(deferred_, {})) {
    ClientSocket* socket = find(id);
    if (socket == nullptr) continue;
    socket->deferred = false;
    update_interest(*socket);
  }
}

// ---------------------------------------------------------------- turns and time

void Hub::schedule_turn() {
  if (turn_scheduled_) return;
  turn_scheduled_ = true;
  // Runs behind everything that the loop has found ready, so that it gathers a whole turn.
  asio::post(io_, [this] { end_turn(); });
}

void Hub::end_turn() {
  turn_scheduled_ = false;
  in_turn_ = true;
  handshake_steps_ = 0;
  if (!events_.empty()) {
    batch_.swap(events_);  // Carrying out the answer may bring new events at once.
    under_way_ += batch_.size();
    ports_.put_events(batch_);
    batch_.clear();
  }
  flush_dirty();
  report_drops();
  in_turn_ = false;
}

void Hub::flush_dirty() {
  // A flush may add to the list only what is to be sent in the next turn.
  for (const ConnectionId id : std::exchange(dirty_, {})) {
    ClientSocket* socket = find(id);
    if (socket == nullptr) continue;
    socket->dirty = false;
    flush(*socket);
  }
}

void Hub::report_drops() {
  for (auto& [id, dropped] : std::exchange(dropped_, {})) {
    if (find(id) == nullptr) continue;
    add_event(OutboxDropped{id, std::move(dropped.topic), dropped.count});
  }
}

void Hub::watch(ClientSocket& socket) {
  if (socket.watched) return;
  socket.watched = true;
  watched_.push_back(socket.id);
  if (watched_.size() > 1) return;
  sweep_timer_.expires_after(kSweepInterval);
  sweep_timer_.async_wait([this](const asio::error_code& error) {
    if (!error) sweep();
  });
}

void Hub::sweep() {
  const Clock::time_point now = Clock::now();
  forget_queued();
  for (const ConnectionId id : std::exchange(watched_, {})) {
    ClientSocket* socket = find(id);
    if (socket == nullptr) continue;
    socket->watched = false;
    if (socket->phase == ClientSocket::Phase::handshaking) {
      look_at_handshake(*socket, now);
      continue;
    }
    if (socket->phase == ClientSocket::Phase::upgrading) {
      look_at_upgrade(*socket, now);
      continue;
    }
    if (socket->phase == ClientSocket::Phase::announcing) {
      look_at_announced(*socket, now);
      continue;
    }
    if (socket->ending && now >= socket->ending->deadline) {
      remove(*socket, std::move(socket->ending->why));
      continue;
    }
    if (socket->send_waiting && !socket->overflowed &&
        socket->outbox.size() > limits_.outbox_bytes &&
        now - socket->progress_at >= kNoProgressMax) {
      socket->overflowed = true;
      add_event(OutboxOverflowed{id});
    }
    if (socket->ending || socket->send_waiting) watch(*socket);
  }
}

}  // namespace tandemq
