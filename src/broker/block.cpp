#include "broker/block.hpp"

#include "broker/handle.hpp"
#include "broker/leave.hpp"

#include <utility>

namespace tandemq {

void park(Connection& connection, mqtt::Packet packet) {
  if (!connection.parked) connection.parked = std::make_unique<std::deque<mqtt::Packet>>();
  connection.parked->push_back(std::move(packet));
}

void block(Turn& turn, Connection& connection, mqtt::Packet packet) {
  if (!connection.parked) connection.parked = std::make_unique<std::deque<mqtt::Packet>>();
  connection.parked->push_front(std::move(packet));
  if (std::exchange(connection.blocked, true)) return;
  turn.world.blocked.push_back(connection.id);
  const bool waits_already = !connection.blocked_at.is_never();  // It has just been tried again.
  if (waits_already) return;
  connection.blocked_at = turn.now;
  ++turn.world.counters.publishers_blocked;
  turn.send(connection, ReadFrom{false});
  if (std::exchange(connection.block_timer, true)) return;
  turn.world.timers.set(turn.now.plus_ms(turn.world.config.limits.block_max_ms),
                        {Due::Kind::blocked, number(connection.id), {}});
}

void unblock(Turn& turn, Connection& connection) {
  while (connection.parked && !connection.parked->empty() && !connection.blocked) {
    mqtt::Packet packet = std::move(connection.parked->front());
    connection.parked->pop_front();
    handle(turn, connection, std::move(packet));
  }
  if (connection.parked && connection.parked->empty()) connection.parked.reset();
}

void retry_blocked(Turn& turn) {
  if (!std::exchange(turn.world.room_made, false) || turn.world.blocked.empty()) return;
  const std::vector<ConnectionId> waiting = std::exchange(turn.world.blocked, {});
  for (const ConnectionId id : waiting) {
    Connection* connection = turn.world.connections.find(id);
    if (connection == nullptr || !connection->blocked) continue;
    const std::size_t parked = connection->parked->size();
    connection->blocked = false;
    unblock(turn, *connection);
    if (connection->blocked) {
      // Another packet waits now: the publisher gets on, however slowly.
      if (connection->parked->size() < parked) connection->blocked_at = turn.now;
    } else if (connection->phase == ConnectionPhase::ready) {
      connection->blocked_at = Instant::never();
      connection->received_at = turn.now;  // It could not be heard meanwhile.
      if (!connection->held) turn.send(*connection, ReadFrom{true});
    }
  }
}

}  // namespace tandemq
