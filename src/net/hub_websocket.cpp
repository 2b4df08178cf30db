// The hub's door for WebSocket: the upgrade, which has the time of limits.connect_timeout_ms from
// accept on, and frames on their way to packets.
#include "net/hub.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tandemq {
namespace {

constexpr std::chrono::seconds kRefusalMax{1};  // For a client to read why it was refused.

}  // namespace

void Hub::begin_upgrade(ClientSocket& socket, std::unique_ptr<Origin> origin) {
  socket.phase = ClientSocket::Phase::upgrading;
  socket.websocket->upgrade->origin = std::move(origin);
  watch(socket);
}

void Hub::take_frames(ClientSocket& socket, std::span<char> bytes) {
  if (socket.phase == ClientSocket::Phase::upgrading) bytes = take_upgrade(socket, bytes);
  if (socket.phase != ClientSocket::Phase::serving || bytes.empty()) return;
  WebSocketInput::Taken taken = socket.websocket->input.take(bytes, spare_decoder_);
  add_to(counters_.bytes_received, bytes.size() - taken.size);
  take_packets(socket, {bytes.data(), taken.size});
  if (!taken.ping && taken.close == 0) return;
  if (taken.ping && !socket.output_lost) {
    socket.websocket->output.pong(std::move(*taken.ping));
    mark_dirty(socket);
  }
  if (taken.close != 0) {
    socket.websocket->end = std::make_unique<WebSocketStream::End>(
        WebSocketStream::End{taken.close, std::move(taken.why)});
    if (!socket.throttled) end_behind_packets(socket);
  }
  schedule_turn();  // It sends them.
}

void Hub::end_behind_packets(ClientSocket& socket) {
  if (!socket.websocket || !socket.websocket->end) return;
  const auto end = std::move(socket.websocket->end);
  begin_close(socket, std::move(end->why), end->code);
  schedule_turn();
}

std::span<char> Hub::take_upgrade(ClientSocket& socket, std::span<char> bytes) {
  WebSocketStream::Upgrade& upgrade = *socket.websocket->upgrade;
  add_to(counters_.bytes_received, bytes.size());
  const std::size_t seen = upgrade.request.size();
  const std::size_t room = std::min(bytes.size(), kUpgradeSizeMax - seen);
  upgrade.request.append(bytes.data(), room);
  const std::size_t size = upgrade_size(upgrade.request, seen);
  if (size > 0) {
    UpgradeAnswer answer =
        answer_upgrade(ByteView(upgrade.request).substr(0, size), *upgrade.rules);
    if (answer.accepted) {
      end_upgrade(socket, std::move(answer.bytes));
      return bytes.subspan(size - seen);
    }
    refuse_upgrade(socket, std::move(answer));
  } else if (!may_become_upgrade({bytes.data(), room})) {
    refuse_upgrade(socket, answer_no_upgrade());
  } else if (upgrade.request.size() == kUpgradeSizeMax) {
    refuse_upgrade(socket, answer_too_large());
  }
  return {};
}

void Hub::end_upgrade(ClientSocket& socket, std::string answer) {
  add_to(counters_.upgrades_done, 1);
  const auto upgrade = std::move(socket.websocket->upgrade);
  const auto waited = Clock::now() - upgrade->accepted_at;
  upgrade->origin->waited_ms = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(waited).count());
  socket.phase = ClientSocket::Phase::serving;
  open(socket, std::move(upgrade->origin));
  socket.websocket->output.put(std::move(answer));
  mark_dirty(socket);
}

void Hub::refuse_upgrade(ClientSocket& socket, UpgradeAnswer answer) {
  add_to(counters_.upgrades_refused, 1);
  WebSocketStream::Upgrade& upgrade = *socket.websocket->upgrade;
  std::string().swap(upgrade.request);
  const Clock::time_point now = Clock::now();
  tell_of_refusal("no WebSocket with " + upgrade.origin->address + ": " + answer.why);
  socket.phase = ClientSocket::Phase::flushing;
  socket.ending = std::make_unique<ClientSocket::Ending>(
      ClientSocket::Ending{now + kRefusalMax, std::move(answer.why)});
  socket.websocket->output.put(std::move(answer.bytes));
  watch(socket);
  mark_dirty(socket);
  schedule_turn();
}

void Hub::look_at_upgrade(ClientSocket& socket, Clock::time_point now) {
  const bool late = now - socket.websocket->upgrade->accepted_at >=
                    std::chrono::milliseconds(limits_.connect_timeout_ms);
  if (late) return refuse_upgrade(socket, answer_too_late());
  watch(socket);
}

}  // namespace tandemq
