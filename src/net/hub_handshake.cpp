// The hub's door for TLS: a handshake costs a millisecond of CPU or so, and its client may take its
// time. So few are taken on in one turn, a number of them at once, and none for ever.
#include "net/hub.hpp"

#include <string>
#include <utility>

namespace tandemq {
namespace {

constexpr std::size_t kStepsMax = 4;               // Of one turn; others have theirs in between.
constexpr std::chrono::seconds kHesitationMax{1};  // Of a client while others wait for its place.
constexpr std::chrono::seconds kTellInterval{1};
constexpr std::chrono::seconds kAlertMax{1};  // For a client to read why it was refused.

}  // namespace

void Hub::go_on_with_handshake(ClientSocket& socket) {
  TlsStream& tls = *socket.tls;
  if (handshake_steps_ >= kStepsMax || tls.queued) return;  // It is told again.
  if (!tls.has_place) {
    if (handshakes_ >= kHandshakesMax) {
      tls.queued = true;
      handshakes_queued_.push_back(socket.id);
      return update_interest(socket);
    }
    take_place(tls);
  }
  ++handshake_steps_;
  schedule_turn();  // Its end allows for more steps.
  tls.progress_at = Clock::now();
  const TlsStream::Step step = tls.handshake();
  if (step == TlsStream::Step::done) return end_handshake(socket);
  if (step == TlsStream::Step::failed) return fail_handshake(socket, tls.failure());
  socket.send_waiting = step == TlsStream::Step::wants_output;
  update_interest(socket);
}

void Hub::end_handshake(ClientSocket& socket) {
  TlsStream& tls = *socket.tls;
  leave_handshake(socket);
  add_to(tls.resumed() ? counters_.handshakes_resumed : counters_.handshakes_full, 1);
  const auto waited = Clock::now() - tls.accepted_at;
  tls.origin->waited_ms = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(waited).count());
  // Whom a proxy has named stays.
  if (!tls.origin->certificate_user) tls.origin->certificate_user = tls.certificate_user();
  socket.send_waiting = false;
  begin_serving(socket, std::move(tls.origin));
  if (tls.holds_input()) return read(socket);  // What came together with the last of it.
  update_interest(socket);
}

void Hub::fail_handshake(ClientSocket& socket, const std::string& why) {
  add_to(counters_.handshakes_failed, 1);
  tell_of_refusal("no TLS with " + socket.tls->origin->address + ": " + why);
  leave_handshake(socket);
  socket.tls->queued = false;
  socket.tls->give_up();
  socket.phase = ClientSocket::Phase::lingering;
  socket.send_waiting = false;
  socket.ending =
      std::make_unique<ClientSocket::Ending>(ClientSocket::Ending{Clock::now() + kAlertMax, why});
  socket.shut_output();
  watch(socket);
  update_interest(socket);
}

void Hub::tell_of_refusal(const std::string& text) {
  const Clock::time_point now = Clock::now();
  if (!ports_.handshake_failed || now - handshake_told_at_ < kTellInterval) return;
  handshake_told_at_ = now;
  ports_.handshake_failed(text);
}

void Hub::take_place(TlsStream& tls) {
  ++handshakes_;
  tls.has_place = true;
  tls.queued = false;
  tls.progress_at = Clock::now();
}

void Hub::leave_handshake(ClientSocket& socket) {
  if (!std::exchange(socket.tls->has_place, false)) return;
  --handshakes_;
  // Who came last is the likeliest to be there still, and to have time left.
  while (!handshakes_queued_.empty()) {
    ClientSocket* next = find(handshakes_queued_.back());
    handshakes_queued_.pop_back();
    if (next == nullptr || next->phase != ClientSocket::Phase::handshaking) continue;
    take_place(*next->tls);
    return update_interest(*next);
  }
}

void Hub::forget_queued() {
  std::erase_if(handshakes_queued_, [this](ConnectionId id) {
    const ClientSocket* socket = find(id);
    return socket == nullptr || !socket->tls || !socket->tls->queued;
  });
}

void Hub::look_at_handshake(ClientSocket& socket, Clock::time_point now) {
  const TlsStream& tls = *socket.tls;
  if (now - tls.accepted_at >= std::chrono::milliseconds(limits_.connect_timeout_ms))
    return fail_handshake(socket, "the handshake took longer than limits.connect_timeout_ms");
  const bool hesitates = tls.has_place && now - tls.progress_at >= kHesitationMax;
  if (hesitates && !handshakes_queued_.empty())
    return fail_handshake(socket, "the client hesitated while others waited");
  watch(socket);
}

}  // namespace tandemq
