// BeatNet: the second path between the two nodes: datagrams that come late, in any order, or not at
// all. Owned by one PairSimulation.
#pragma once

#include "base/time.hpp"
#include "tests/sim/luck.hpp"
#include "tests/sim/peer_net.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tandemq::sim {

class BeatNet {
 public:
  using Handler = std::function<void(const std::string&)>;

  BeatNet(Luck& luck, std::uint32_t lag_ms, std::array<Handler, 2> handlers)
      : luck_(luck), lag_ms_(lag_ms), handlers_(std::move(handlers)) {}

  void send(NodeIndex from, std::string bytes, Instant now);
  // What is sent to it until then is lost.
  void cut(NodeIndex towards, Instant until);
  void heal(Instant now) { cut_until_ = {now, now}; }
  // Its process stands still: what comes waits for it.
  void set_frozen(NodeIndex node, bool frozen) { frozen_[node] = frozen; }
  void set_lost_once_in(std::uint32_t n) { lost_once_in_ = n; }

  [[nodiscard]] Instant next_due() const;
  void act();  // One thing.

 private:
  struct Datagram {
    Instant due;
    NodeIndex to = 0;
    std::string bytes;
  };

  Luck& luck_;
  const std::uint32_t lag_ms_;
  const std::array<Handler, 2> handlers_;
  std::vector<Datagram> flying_;
  std::array<Instant, 2> cut_until_{};
  std::array<bool, 2> frozen_{};
  std::uint32_t lost_once_in_ = 12;
};

}  // namespace tandemq::sim
