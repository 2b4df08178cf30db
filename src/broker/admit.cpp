#include "broker/admit.hpp"

#include "broker/leave.hpp"

#include <string>

namespace tandemq {
namespace {

using mqtt::ReasonCode;

constexpr std::string_view kTooMany = "limits.connections_per_address is reached";
constexpr std::string_view kTooOften = "limits.connect_rate_per_address is reached";

// The session's earlier connection makes room for this one.
bool replaces_own(const Turn& turn, const Connection& connection) {
  const Session* session = turn.state.find_session(connection.client_id);
  const Connection* earlier = session == nullptr ? nullptr : turn.world.connections.of(session->id);
  return earlier != nullptr && earlier->user_name == connection.user_name;
}

}  // namespace

void admit(Turn& turn, Connection& connection) {
  World& world = turn.world;
  const Origin& origin = *connection.origin;
  connection.limits = &world.limits.of(origin.listener_number);
  if (origin.admin) return;
  const auto opened = world.admission.open(origin.address, *connection.limits, turn.now);
  connection.welcome = opened.turned_away ? Admittance::turned_away : opened.welcome;
  if (opened.welcome == Admittance::uncounted || opened.welcome == Admittance::welcome) return;
  const bool often = opened.welcome == Admittance::too_often;
  world.limit_hits.add(often ? Limit::connect_rate_per_address : Limit::connections_per_address,
                       origin.address);
  if (opened.turned_away)
    refuse(turn, connection, ReasonCode::quota_exceeded, often ? kTooOften : kTooMany);
}

bool may_connect(Turn& turn, Connection& connection) {
  if (connection.welcome == Admittance::too_many) {
    refuse(turn, connection, ReasonCode::quota_exceeded, kTooMany);
  } else if (connection.welcome == Admittance::too_often) {
    refuse(turn, connection, ReasonCode::connection_rate_exceeded, kTooOften);
  } else if (turn.world.overload.refuses_connections() && !connection.origin->admin) {
    turn.world.limit_hits.add(Limit::memory_connections, connection.origin->address);
    refuse(turn, connection, ReasonCode::quota_exceeded,
           "the memory of the broker is nearly used up");
  } else {
    return true;
  }
  return false;
}

bool may_enter(Turn& turn, Connection& connection) {
  World& world = turn.world;
  const std::string& user = connection.user_name;
  const std::uint32_t most = connection.limits->connections_per_user;
  if (most == 0 || user.empty()) return true;
  const std::uint32_t others =
      world.admission.of_user(user) - (replaces_own(turn, connection) ? 1 : 0);
  if (others < most) return true;
  world.limit_hits.add(Limit::connections_per_user, user);
  refuse(turn, connection, ReasonCode::quota_exceeded, "limits.connections_per_user is reached");
  return false;
}

void forget(Turn& turn, const Connection& connection) {
  if (connection.held) std::erase(turn.world.held, connection.id);
  turn.world.admission.close(connection.origin->address, connection.welcome, turn.now);
}

void admit_again(World& world) {
  world.admission.set_limits(world.limits);
  world.connections.for_each([&](Connection& one) {
    one.limits = &world.limits.of(one.origin->listener_number);
    if (one.origin->admin) return;
    one.welcome = world.admission.count(one.origin->address, one.welcome);
    if (one.phase == ConnectionPhase::ready) world.admission.enter(one.user_name);
  });
}

}  // namespace tandemq
