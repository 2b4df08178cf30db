#include "node/client_roll.hpp"

#include <cstddef>
#include <cstdint>

namespace tandemq {
namespace {

constexpr std::size_t kUnsentMax = 256U << 10U;  // Bytes; records are not kept waiting for longer.

}  // namespace

// Nobody is woken: what has changed goes with the next batch, or with the next ping.
ClientRoll::ClientRoll() : changes_(kNoBound, [] {}) {}

void ClientRoll::opened(ConnectionId client, const FourTuple& tuple) {
  changes_.put({client, tuple});
}

void ClientRoll::closed(ConnectionId client) {
  changes_.put({client, std::nullopt});
}

void ClientRoll::tell(PeerLink* link) {
  changes_.drain(drained_);
  for (const Change& change : drained_) {
    if (change.tuple) {
      tuples_.opened(number(change.client), *change.tuple);
    } else {
      tuples_.closed(number(change.client));
    }
  }
  drained_.clear();
  if (link == nullptr || !link->is_open()) return;
  while (link->unsent_bytes() < kUnsentMax) {
    const auto piece = tuples_.take_piece();
    if (!piece) return;
    link->send(*piece);
  }
}

}  // namespace tandemq
