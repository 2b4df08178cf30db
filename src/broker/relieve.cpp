#include "broker/relieve.hpp"

#include <utility>
#include <vector>

namespace tandemq {
namespace {

std::vector<PublisherLoad> measure(World& world) {
  std::vector<PublisherLoad> publishers;
  world.connections.for_each([&](Connection& one) {
    const std::uint64_t before = std::exchange(one.measured_bytes, one.received_bytes);
    if (one.phase == ConnectionPhase::ready && !one.held && one.received_bytes > before)
      publishers.push_back({one.id, one.received_bytes - before});
  });
  return publishers;
}

void release_all(Turn& turn) {
  for (const ConnectionId id : std::exchange(turn.world.held, {})) {
    Connection& connection = *turn.world.connections.find(id);
    connection.held = false;
    if (connection.phase != ConnectionPhase::ready) continue;
    connection.received_at = turn.now;  // It could not be heard meanwhile.
    if (!connection.blocked) turn.send(connection, ReadFrom{true});
  }
}

}  // namespace

bool relieve(Turn& turn, std::uint64_t resident_bytes, std::uint64_t max_bytes) {
  World& world = turn.world;
  const bool measured = world.overload.measures();
  const bool changed = world.overload.look(resident_bytes, max_bytes);
  if (!world.overload.holds_publishers()) release_all(turn);
  if (!world.overload.measures()) return changed;
  const std::vector<PublisherLoad> publishers = measure(world);
  // The first measure says what was sent since the beginning, which is nobody's fault now.
  if (!measured || !world.overload.holds_publishers()) return changed;
  for (const ConnectionId id : heaviest(publishers, max_bytes)) {
    Connection& connection = *world.connections.find(id);
    connection.held = true;
    world.held.push_back(id);
    world.limit_hits.add(Limit::memory_publishers, connection.client_id);
    if (!connection.blocked) turn.send(connection, ReadFrom{false});
  }
  return changed;
}

}  // namespace tandemq
