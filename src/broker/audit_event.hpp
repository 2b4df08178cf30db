// audit_event: what the rules tell the audit trail (broker/audit.hpp), put together from a
// connection. All of it does nothing while nobody keeps one.
#pragma once

#include "broker/turn.hpp"

#include <string_view>

namespace tandemq {

// An event of this connection, now.
AuditEvent audit_event(const Turn& turn, const Connection& connection, AuditEvent::What what);

}  // namespace tandemq
