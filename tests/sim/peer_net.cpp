#include "tests/sim/peer_net.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {
namespace {

constexpr std::array kNodes = {NodeIndex{0}, NodeIndex{1}};

std::string bytes_of(const Frame& frame) {
  std::string bytes;
  Writer writer(bytes);
  write_frame(writer, frame);
  return bytes;
}

}  // namespace

PeerNet::PeerNet(Luck& luck, Weather weather, std::array<Handlers, 2> handlers)
    : luck_(luck), weather_(weather), handlers_(std::move(handlers)) {}

PeerNet::Wire* PeerNet::find(WireId id) {
  const auto found =
      std::find_if(wires_.begin(), wires_.end(), [id](const auto& wire) { return wire->id == id; });
  return found == wires_.end() ? nullptr : found->get();
}

// ---------------------------------------------------------------- connections

void PeerNet::dial(NodeIndex from, Instant now) {
  dial_fails_[from] = is_stalled(now) || closed_ || frozen_[other(from)];
  dials_[from] = now.plus_ms(dial_fails_[from] ? weather_.timeout_ms : luck_.below(5));
}

void PeerNet::connect(NodeIndex from, Instant now) {
  dials_[from] = Instant::never();
  if (!handlers_[from].listens()) return;
  if (dial_fails_[from] || !handlers_[other(from)].listens()) return handlers_[from].unreachable();
  wires_.push_back(std::make_unique<Wire>());
  Wire& wire = *wires_.back();
  const WireId id = wire.id = ++last_id_;
  wire.dialler = from;
  if (weather_.channels) return begin_channels(wire, now);
  wire.told = true;
  handlers_[from].dialled(id);
}

void PeerNet::begin_channels(Wire& wire, Instant now) {
  for (const NodeIndex node : kNodes) {
    const auto side = node == wire.dialler ? Channel::Side::dialler : Channel::Side::acceptor;
    std::string nonce(kNonceBytes, '\0');
    for (char& one : nonce) one = static_cast<char>(luck_.below(256));
    wire.channels[node] = std::make_unique<Channel>(
        side, Channel::Identity{"cluster", node == 0 ? "a" : "b", "secret", std::move(nonce)});
    std::string bytes;
    wire.channels[node]->take_output(bytes);
    put(wire, other(node), std::move(bytes), false, now);
  }
}

void PeerNet::put(Wire& wire, NodeIndex towards, std::string bytes, bool is_end, Instant now) {
  if (!wire.attached[towards]) return;
  auto& flow = wire.towards[towards];
  Instant due = now.plus_ms(luck_.below(weather_.lag_ms));
  if (!flow.empty()) due = std::max(due, flow.back().due);
  flow.push_back({due, std::move(bytes), is_end});
}

void PeerNet::send(WireId id, NodeIndex from, const Frame& frame, Instant now) {
  Wire* const wire = find(id);
  if (wire == nullptr || !wire->attached[from]) return;
  std::string bytes;
  if (const auto& channel = wire->channels[from]) {
    if (!channel->is_open()) return;
    channel->send(frame);
    channel->take_output(bytes);
  } else {
    bytes = bytes_of(frame);
  }
  put(*wire, other(from), std::move(bytes), false, now);
}

void PeerNet::close(WireId id, NodeIndex from, Instant now) {
  Wire* const wire = find(id);
  if (wire == nullptr || !wire->attached[from]) return;
  wire->attached[from] = false;
  wire->towards[from].clear();
  put(*wire, other(from), {}, true, now);
  forget_gone();
}

// A part of what is under way arrives, and then perhaps the end.
void PeerNet::lose(Wire& wire, NodeIndex towards, bool told, Instant now) {
  if (!wire.attached[towards]) return;
  auto& flow = wire.towards[towards];
  flow.resize(luck_.below(flow.size() + 1));
  if (told) put(wire, towards, {}, true, now);
}

void PeerNet::end_of(NodeIndex node, bool power, Instant now) {
  dials_[node] = Instant::never();
  for (const auto& wire : wires_) {
    if (!wire->attached[node]) continue;
    wire->attached[node] = false;
    wire->towards[node].clear();
    if (power && dark_[node]) {
      wire->towards[other(node)].clear();
    } else if (power) {
      lose(*wire, other(node), luck_.once_in(2), now);
    } else {
      put(*wire, other(node), {}, true, now);
    }
  }
  forget_gone();
}

// ---------------------------------------------------------------- weather

void PeerNet::stall(NodeIndex towards, Instant until) {
  stalled_until_[towards] = std::max(stalled_until_[towards], until);
}

bool PeerNet::is_stalled(Instant now) const {
  return stalled_until_[0] > now || stalled_until_[1] > now || dark_[0] || dark_[1];
}

void PeerNet::cut(Instant now) {
  for (const auto& wire : wires_)
    for (const NodeIndex node : kNodes) lose(*wire, node, true, now);
}

void PeerNet::heal(Instant now) {
  stalled_until_ = {now, now};
  flips_ = false;
}

// ---------------------------------------------------------------- in time

Instant PeerNet::due_of(const Wire& wire, NodeIndex towards) const {
  const auto& flow = wire.towards[towards];
  if (flow.empty() || dark_[0] || dark_[1] || frozen_[towards]) return Instant::never();
  if (flow.front().bytes.size() > longest_) return Instant::never();
  return std::max(flow.front().due, stalled_until_[towards]);
}

Instant PeerNet::next_due() const {
  Instant due = Instant::never();
  for (const NodeIndex node : kNodes)
    if (!frozen_[node]) due = std::min(due, dials_[node]);
  for (const auto& wire : wires_) due = std::min({due, due_of(*wire, 0), due_of(*wire, 1)});
  return due;
}

void PeerNet::act(Instant now) {
  for (const NodeIndex node : kNodes)
    if (dials_[node] <= now && !frozen_[node]) return connect(node, now);
  for (const auto& wire : wires_) {
    for (const NodeIndex node : kNodes)
      if (due_of(*wire, node) <= now) return deliver(wire->id, node, now);
  }
}

void PeerNet::deliver(WireId id, NodeIndex to, Instant now) {
  Wire& wire = *find(id);
  Parcel parcel = std::move(wire.towards[to].front());
  wire.towards[to].pop_front();
  if (parcel.is_end) {
    end(wire, to);
    return forget_gone();
  }
  if (wire.channels[to]) return deliver_to_channel(id, to, std::move(parcel.bytes), now);
  auto frame = read_frame(parcel.bytes);
  if (frame) handlers_[to].frame(id, std::move(*frame));
}

void PeerNet::end(Wire& wire, NodeIndex at) {
  if (!std::exchange(wire.attached[at], false)) return;
  wire.towards[at].clear();
  if (wire.told || at != wire.dialler) return handlers_[at].closed(wire.id);
  handlers_[at].unreachable();
}

void PeerNet::deliver_to_channel(WireId id, NodeIndex to, std::string bytes, Instant now) {
  Wire& wire = *find(id);
  const bool flips = flips_ && luck_.once_in(300);
  if ((flips || std::exchange(flips_next_, false)) && !bytes.empty()) {
    char& one = bytes[luck_.below(bytes.size())];
    one = static_cast<char>(one ^ (1 << luck_.below(8)));
  }
  std::vector<Frame> frames;
  const auto received = wire.channels[to]->receive(
      bytes, [&frames](Frame&& frame) { frames.push_back(std::move(frame)); });
  std::string answer;
  wire.channels[to]->take_output(answer);
  if (!answer.empty()) put(wire, other(to), std::move(answer), false, now);
  const bool opened = to == wire.dialler && wire.channels[to]->is_open();
  if (opened && !std::exchange(wire.told, true)) handlers_[to].dialled(id);
  for (Frame& frame : frames) {
    const Wire* const there = find(id);
    if (there == nullptr || !there->attached[to]) return;
    handlers_[to].frame(id, std::move(frame));
  }
  Wire* const there = find(id);
  if (received || there == nullptr || !there->attached[to]) return;
  put(*there, other(to), {}, true, now);
  end(*there, to);
  forget_gone();
}

void PeerNet::forget_gone() {
  std::erase_if(wires_, [](const auto& wire) { return !wire->attached[0] && !wire->attached[1]; });
}

}  // namespace tandemq::sim
