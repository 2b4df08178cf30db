// audit_event: what the rules tell the audit trail (broker/audit.hpp), put together from a
// connection. All of it does nothing while nobody keeps one.
#pragma once

#include "broker/turn.hpp"

#include <string_view>

namespace tandemq {

// An event of this connection, now.
AuditEvent audit_event(const Turn& turn, const Connection& connection, AuditEvent::What what);

void audit_connected(const Turn& turn, const Connection& connection);
void audit_unknown_roles(const Turn& turn, const Connection& connection);
// A connection ends: who was connected is disconnected, who was connecting is refused.
void audit_end(const Turn& turn, const Connection& connection,
               std::optional<mqtt::ReasonCode> reason, std::string_view why);

// Whether the client may; tells it if not. Not for `receive`.
bool may(const Turn& turn, const Connection& connection, Action action, std::string_view topic);
// A message was held back from a session, whose client may be away.
void audit_receive_denied(const Turn& turn, const Session& session, std::string_view topic);
// A subscription that was granted once gives nothing from now on.
void audit_revoked(const Turn& turn, const Session& session, std::string_view filter);
void audit_will_denied(const Turn& turn, const WillSet& will);

}  // namespace tandemq
