// PeerNet: the network between the two nodes: connections on which bytes come late, in order, or
// not at all. A direction may stall: what is sent in it waits until that is over, or is lost with
// the connection; who is at its ends finds out at different times, or never. A host may be dark:
// nothing comes from it and nobody there refuses. Frames pass their codec, and in some runs a
// Channel whose bytes are damaged now and then.
// Owned by one PairSimulation; a node's handlers are called from act() alone.
#pragma once

#include "base/time.hpp"
#include "replication/channel.hpp"
#include "replication/protocol.hpp"
#include "tests/sim/luck.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tandemq::sim {

using NodeIndex = std::size_t;  // 0 or 1.
using WireId = std::uint64_t;   // 0: none.

inline NodeIndex other(NodeIndex node) {
  return 1 - node;
}

class PeerNet {
 public:
  struct Handlers {
    std::function<bool()> listens;  // Its process runs.
    std::function<void(WireId)> dialled;
    std::function<void()> unreachable;
    std::function<void(WireId, Frame&&)> frame;
    std::function<void(WireId)> closed;
  };
  struct Weather {
    std::uint32_t lag_ms = 0;  // Of a frame, at the most.
    std::uint32_t timeout_ms = 0;
    bool channels = false;
  };

  PeerNet(Luck& luck, Weather weather, std::array<Handlers, 2> handlers);

  void dial(NodeIndex from, Instant now);
  [[nodiscard]] bool is_dialling(NodeIndex node) const { return !dials_[node].is_never(); }
  void send(WireId wire, NodeIndex from, const Frame& frame, Instant now);
  // What was sent before arrives.
  void close(WireId wire, NodeIndex from, Instant now);
  // Its process has ended; `power`: with the whole machine, which says goodbye to nobody.
  void end_of(NodeIndex node, bool power, Instant now);

  void stall(NodeIndex towards, Instant until);
  void set_dark(NodeIndex node, bool dark) { dark_[node] = dark; }
  [[nodiscard]] bool is_dark(NodeIndex node) const { return dark_[node]; }
  // Its process stands still: what comes waits for it.
  void set_frozen(NodeIndex node, bool frozen) { frozen_[node] = frozen; }
  void set_closed(bool closed) { closed_ = closed; }  // To new connections.
  // What is longer does not get through, nor what was sent behind it on the same connection.
  void set_longest(std::size_t bytes) { longest_ = bytes; }
  void flip_next() { flips_next_ = true; }  // A bit, of what passes a Channel.
  [[nodiscard]] bool is_stalled(Instant now) const;
  void cut(Instant now);  // All connections there are.
  void heal(Instant now);

  [[nodiscard]] Instant next_due() const;
  void act(Instant now);  // One thing.

 private:
  struct Parcel {
    Instant due;
    std::string bytes;
    bool is_end = false;
  };
  struct Wire {
    WireId id = 0;
    NodeIndex dialler = 0;
    bool told = false;                          // The dialler has been called.
    std::array<bool, 2> attached{true, true};   // By node.
    std::array<std::deque<Parcel>, 2> towards;  // By node.
    std::array<std::unique_ptr<Channel>, 2> channels;
  };

  Wire* find(WireId id);
  void connect(NodeIndex from, Instant now);
  void begin_channels(Wire& wire, Instant now);
  void put(Wire& wire, NodeIndex towards, std::string bytes, bool is_end, Instant now);
  void lose(Wire& wire, NodeIndex towards, bool told, Instant now);
  void deliver(WireId id, NodeIndex to, Instant now);
  void deliver_to_channel(WireId id, NodeIndex to, std::string bytes, Instant now);
  void end(Wire& wire, NodeIndex at);
  [[nodiscard]] Instant due_of(const Wire& wire, NodeIndex towards) const;
  void forget_gone();

  Luck& luck_;
  const Weather weather_;
  const std::array<Handlers, 2> handlers_;
  std::vector<std::unique_ptr<Wire>> wires_;
  std::array<Instant, 2> dials_{Instant::never(), Instant::never()};
  std::array<bool, 2> dial_fails_{};
  std::array<Instant, 2> stalled_until_{};
  std::array<bool, 2> dark_{};
  std::array<bool, 2> frozen_{};
  bool closed_ = false;
  std::size_t longest_ = SIZE_MAX;
  bool flips_next_ = false;
  bool flips_ = true;  // Bits, of what passes a Channel.
  WireId last_id_ = 0;
};

}  // namespace tandemq::sim
