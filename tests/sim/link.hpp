// Link: a connection as the network has it: packets on their way up and down, which are lost with
// it or arrive late. The two ends know of its end at different times.
// Owned by the Simulation; a client borrows the one it uses.
#pragma once

#include "base/ids.hpp"
#include "mqtt/packet.hpp"

#include <cstdint>
#include <deque>

namespace tandemq::sim {

struct Link {
  ConnectionId id{};
  std::deque<mqtt::Packet> up;
  std::deque<mqtt::Packet> down;
  std::uint32_t asked = 0;   // NotifyWhenSent that are not answered.
  bool opened = false;       // The broker knows of it.
  bool read = true;          // The broker wants more of it.
  bool left = false;         // The client has gone; what still comes down is lost.
  bool closed = false;       // The broker has put Close out; behind `down`.
  bool closed_told = false;  // The broker has had its last event.
};

}  // namespace tandemq::sim
