#include "broker/fetch.hpp"

#include "broker/deliver.hpp"

#include <algorithm>

namespace tandemq {
namespace {

constexpr std::size_t kAhead = 64;              // Deliveries that should be in memory.
constexpr std::size_t kAskedMax = 256;          // Deliveries looked at for one request.
constexpr std::uint64_t kAskedBytes = 512'000;  // Of one connection's request.

}  // namespace

void fetch_ahead(Turn& turn, Connection& connection, bool window_has_room) {
  const Outgoing& outgoing = turn.state.session(connection.session)->outgoing;
  const std::size_t next = connection.resent;
  if (connection.fetch != 0 || next >= outgoing.size()) return;
  const bool here = !outgoing[next].on_disk();
  if (here && !outgoing[std::min(next + kAhead, outgoing.size() - 1)].on_disk()) return;
  // What has to leave again before its turn would be asked for without end.
  const std::uint64_t in_memory = turn.state.body_bytes() + kAskedBytes;
  if (!window_has_room && in_memory > turn.world.config.memory.bodies_max_bytes) return;
  std::uint64_t bytes = 0;
  const std::size_t end = std::min(next + kAskedMax, outgoing.size());
  for (std::size_t i = next; i < end && bytes < kAskedBytes; ++i) {
    const Delivery& delivery = outgoing[i];
    if (!delivery.on_disk() || delivery.stored->lost) continue;
    turn.effects.wanted.push_back(delivery.message_id());
    bytes += delivery.size();
  }
  if (bytes == 0) return;
  connection.fetch = turn.world.next_fetch;
  turn.world.fetching.push_back(connection.id);
}

void take_bodies(Turn& turn, std::uint64_t request, const std::vector<MessageRef>& bodies,
                 const std::vector<MessageId>& lost) {
  for (const MessageRef& body : bodies) turn.world.state.take_body(body);
  for (const MessageId id : lost) turn.world.state.give_up_body(id);
  std::vector<ConnectionId> answered;
  std::erase_if(turn.world.fetching, [&](ConnectionId id) {
    Connection* connection = turn.world.connections.find(id);
    if (connection == nullptr) return true;
    if (connection->fetch != request) return false;
    answered.push_back(id);
    return true;
  });
  for (const ConnectionId id : answered) {
    Connection* connection = turn.world.connections.find(id);
    connection->fetch = 0;
    pump(turn, *connection);
  }
  turn.world.state.keep_bodies_within(turn.world.config.memory.bodies_max_bytes);
}

}  // namespace tandemq
