// The hub's hand on publishers that are faster than limits.message_rate and limits.byte_rate: they
// are not read from until their gate opens again, and what they have sent waits in the kernel and
// with them. What they have sent before goes first.
#include "net/hub.hpp"

#include <algorithm>
#include <memory>

namespace tandemq {
namespace {

constexpr std::int64_t kPauseMinMs = 100;   // Shorter ones would be work without effect.
constexpr std::int64_t kLookAgainMs = 100;  // At one that must not be read from for another reason.

}  // namespace

Instant Hub::to_instant(Clock::time_point time) {
  return {std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count()};
}

void Hub::set_gate(ClientSocket& socket) {
  const LimitsConfig& limits = limits_by_listener_.of(socket.listener);
  socket.gate = PublishGate::is_needed(limits) ? std::make_unique<PublishGate>(limits) : nullptr;
}

void Hub::throttle(ClientSocket& socket) {
  const Instant now = to_instant(Clock::now());
  const Instant until = std::max(socket.gate->opens_at(), now.plus_ms(kPauseMinMs));
  socket.throttled = true;
  pauses_.set(until, socket.id);
  set_pause_timer(now);
  add_event(Throttled{socket.id, ms_between(now, until), socket.gate->lacks_bytes()});
}

void Hub::end_pauses() {
  const Instant now = to_instant(Clock::now());
  pause_timer_at_ = Instant::never();
  while (const auto id = pauses_.take_due(now)) {
    ClientSocket* socket = find(*id);
    if (socket == nullptr || !socket->throttled) continue;
    if (socket->phase != ClientSocket::Phase::serving) continue;
    if (congested() || !socket->may_read) {
      pauses_.set(now.plus_ms(kLookAgainMs), *id);
      continue;
    }
    socket->throttled = false;
    take_packets(*socket, {});
    if (!socket->throttled) end_behind_packets(*socket);
    update_interest(*socket);
  }
  set_pause_timer(now);
}

void Hub::set_pause_timer(Instant now) {
  const Instant next = pauses_.next();
  if (next >= pause_timer_at_) return;  // It is set already, or nobody waits.
  pause_timer_at_ = next;
  pause_timer_.expires_after(
      std::chrono::milliseconds(std::max<std::int64_t>(0, ms_between(now, next))));
  pause_timer_.async_wait([this](const asio::error_code& error) {
    if (!error) end_pauses();
  });
}

}  // namespace tandemq
