#include "broker/failed_logins.hpp"

#include "broker/audit_event.hpp"
#include "broker/leave.hpp"

#include <string>
#include <utility>

namespace tandemq {
namespace {

LoginBrake::Rules brake_rules(const Config& config) {
  return {config.auth.failures_max, config.auth.failure_pause_max_s};
}

}  // namespace

bool refuse_if_paused(Turn& turn, Connection& connection) {
  World& world = turn.world;
  if (world.brake.admit(network_of(connection.origin->address), brake_rules(world.config),
                        turn.now))
    return false;
  ++world.counters.logins_paused;
  refuse(turn, connection, mqtt::ReasonCode::connection_rate_exceeded,
         "too many logins from this address have failed, try again later");
  return true;
}

void count_failed_login(Turn& turn, Connection& connection) {
  World& world = turn.world;
  ++world.counters.logins_failed;
  std::string network = network_of(connection.origin->address);
  const std::int64_t pause_ms = world.brake.fail(network, brake_rules(world.config), turn.now);
  if (pause_ms == 0) return;
  AuditEvent event = audit_event(turn, connection, AuditEvent::What::login_paused);
  event.why = "logins from " + std::move(network) + " wait for " +
              std::to_string((pause_ms + 999) / 1'000) + " s, too many have failed";
  world.audit.report(std::move(event));
}

}  // namespace tandemq
