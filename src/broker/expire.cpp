#include "broker/expire.hpp"

#include "broker/adopt.hpp"
#include "broker/leave.hpp"
#include "broker/retain.hpp"
#include "broker/sys.hpp"
#include "broker/will.hpp"

#include <algorithm>

namespace tandemq {
namespace {

using mqtt::ReasonCode;

// A timer stays when its connection goes, so that of a login that ends next year looks earlier.
constexpr std::int64_t kLoginLookS = 3'600;

// [MQTT-3.1.2-22]: one and a half times the Keep Alive without a packet.
void check_keep_alive(Turn& turn, Connection& connection, const Due& due) {
  if (connection.phase != ConnectionPhase::ready) return;
  const std::int64_t allowed_ms = connection.keep_alive_s * 1500LL;
  // Who is not read from cannot be heard.
  const bool waits = connection.blocked || connection.held;
  const Instant heard_at =
      waits ? turn.now : std::max(connection.received_at, connection.throttled_until);
  const Instant until = heard_at.plus_ms(allowed_ms);
  if (until > turn.now) return turn.world.timers.set(until, due);
  refuse(turn, connection, ReasonCode::keep_alive_timeout, "nothing heard within the Keep Alive");
}

void check_login(Turn& turn, Connection& connection) {
  if (connection.phase != ConnectionPhase::ready) return;
  if (connection.login_ends_at > turn.now) return watch_login(turn, connection);
  refuse(turn, connection, ReasonCode::not_authorized, "the token has expired");
}

void check_blocked(Turn& turn, Connection& connection, const Due& due) {
  connection.block_timer = connection.blocked;
  if (!connection.blocked) return;
  const Instant until = connection.blocked_at.plus_ms(turn.world.config.limits.block_max_ms);
  if (until > turn.now) return turn.world.timers.set(until, due);
  refuse(turn, connection, ReasonCode::quota_exceeded,
         "the queue of a receiver has been full for longer than limits.block_max_ms");
}

void check_connection(Turn& turn, const Due& due) {
  Connection* connection = turn.world.connections.find(static_cast<ConnectionId>(due.subject));
  if (connection == nullptr) return;
  if (due.kind == Due::Kind::keep_alive) return check_keep_alive(turn, *connection, due);
  if (due.kind == Due::Kind::login) return check_login(turn, *connection);
  if (due.kind == Due::Kind::blocked) return check_blocked(turn, *connection, due);
  const bool waits = connection->phase != ConnectionPhase::ready;
  if (waits) close(turn, *connection, "no valid CONNECT within limits.connect_timeout_ms");
}

void check_session(Turn& turn, const Due& due) {
  const Session* session = turn.state.session(static_cast<SessionId>(due.subject));
  // It may be connected again, have another expiry, or be another session in the same place.
  if (session == nullptr) return;
  if (session->expires_at() > turn.now) return turn.watch(session->expires_at(), due);
  ++turn.world.counters.sessions_expired;
  end_session(turn, session->id, DropReason::session_ended);
}

void check_will(Turn& turn, const Due& due) {
  const auto found = turn.state.wills().find(due.name);
  if (found == turn.state.wills().end()) return;
  if (found->second.at > turn.now) return turn.watch(found->second.at, due);
  publish_will(turn, due.name);
}

}  // namespace

void watch_login(Turn& turn, const Connection& connection) {
  if (connection.login_ends_at.is_never()) return;
  turn.world.timers.set(std::min(connection.login_ends_at, turn.now.plus_s(kLoginLookS)),
                        {Due::Kind::login, number(connection.id), {}});
}

void expire(Turn& turn, const Due& due) {
  turn.world.watched.erase(due);
  switch (due.kind) {
    case Due::Kind::connect_timeout:
    case Due::Kind::keep_alive:
    case Due::Kind::login:
    case Due::Kind::blocked:
      return check_connection(turn, due);
    case Due::Kind::session:
      return check_session(turn, due);
    case Due::Kind::will:
      return check_will(turn, due);
    case Due::Kind::retained:
      return expire_retained(turn, due.name);
    case Due::Kind::sys:
      return publish_sys(turn);
    case Due::Kind::adopt:
      return adopt_page(turn);
  }
}

}  // namespace tandemq
