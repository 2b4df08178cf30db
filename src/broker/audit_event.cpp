#include "broker/audit_event.hpp"

#include <utility>

namespace tandemq {

using mqtt::ReasonCode;

AuditEvent audit_event(const Turn& turn, const Connection& connection, AuditEvent::What what) {
  AuditEvent event;
  event.what = what;
  event.at = turn.now;
  event.client_id = connection.client_id;
  event.user_name = connection.user_name;
  if (connection.user_name.empty() && connection.connect && connection.connect->user_name)
    event.user_name = *connection.connect->user_name;
  event.address = connection.origin->address;
  event.listener = connection.origin->listener;
  return event;
}

namespace {

// Of a session whose client may be away.
AuditEvent denied_event(const Turn& turn, const Session& session, Action action,
                        std::string_view topic) {
  AuditEvent event;
  event.what = action == Action::receive ? AuditEvent::What::receive_denied
                                         : AuditEvent::What::subscribe_denied;
  event.at = turn.now;
  event.client_id = session.client_id;
  event.user_name = session.user_name;
  event.topic = topic;
  WhoView who{session.client_id, session.user_name};
  if (const Connection* connection = turn.world.connections.of(session.id)) {
    event.address = connection->origin->address;
    event.listener = connection->origin->listener;
    who = connection->who();
  }
  event.rule = turn.world.access->check(who, action, topic).line;
  return event;
}

}  // namespace

void audit_connected(const Turn& turn, const Connection& connection) {
  if (!turn.world.audit.active()) return;
  AuditEvent event = audit_event(turn, connection, AuditEvent::What::connected);
  event.version = connection.version;
  event.roles = connection.roles;
  turn.world.audit.report(std::move(event));
}

void audit_unknown_roles(const Turn& turn, const Connection& connection) {
  if (connection.roles.empty() || turn.world.access->acl() == nullptr) return;
  AuditEvent event = audit_event(turn, connection, AuditEvent::What::roles_unknown);
  event.roles = turn.world.access->unknown_roles(connection.roles);
  if (event.roles.empty()) return;
  event.why = "client '" + connection.client_id +
              "' brings a role that auth.acl_file does not have: '" + event.roles.front() + "'";
  turn.world.audit.report(std::move(event));
}

void audit_end(const Turn& turn, const Connection& connection, std::optional<ReasonCode> reason,
               std::string_view why) {
  if (!turn.world.audit.active() || connection.origin->admin) return;
  const bool was_connected = connection.phase == ConnectionPhase::ready;
  if (!was_connected && connection.phase != ConnectionPhase::verifying &&
      connection.phase != ConnectionPhase::authenticating)
    return;
  AuditEvent event =
      audit_event(turn, connection,
                  was_connected ? AuditEvent::What::disconnected : AuditEvent::What::login_refused);
  if (!was_connected) event.version = connection.version;
  event.reason = reason;
  event.why = why;
  turn.world.audit.report(std::move(event));
}

bool may(const Turn& turn, const Connection& connection, Action action, std::string_view topic) {
  const Verdict verdict = turn.world.access->check(connection.who(), action, topic);
  if (verdict.allowed) return true;
  if (!turn.world.audit.active()) return false;
  AuditEvent event = audit_event(turn, connection,
                                 action == Action::publish ? AuditEvent::What::publish_denied
                                                           : AuditEvent::What::subscribe_denied);
  event.topic = topic;
  event.rule = verdict.line;
  turn.world.audit.report(std::move(event));
  return false;
}

void audit_receive_denied(const Turn& turn, const Session& session, std::string_view topic) {
  std::uint64_t count = 0;
  if (!turn.world.audit.tells_receive(session.client_id, turn.now, count)) return;
  AuditEvent event = denied_event(turn, session, Action::receive, topic);
  event.count = count;
  turn.world.audit.report(std::move(event));
}

void audit_revoked(const Turn& turn, const Session& session, std::string_view filter) {
  if (!turn.world.audit.active()) return;
  AuditEvent event = denied_event(turn, session, Action::subscribe, filter);
  event.why = "a subscription made before";
  turn.world.audit.report(std::move(event));
}

void audit_will_denied(const Turn& turn, const WillSet& will) {
  if (!turn.world.audit.active()) return;
  AuditEvent event;
  event.what = AuditEvent::What::publish_denied;
  event.at = turn.now;
  event.client_id = will.client_id;
  event.user_name = will.user_name;
  event.topic = will.message->topic;
  event.why = "a will";
  event.rule = turn.world.access
                   ->check({will.client_id, will.user_name}, Action::publish, will.message->topic)
                   .line;
  turn.world.audit.report(std::move(event));
}

}  // namespace tandemq
