#include "broker/audit_event.hpp"

#include <utility>

namespace tandemq {

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

}  // namespace tandemq
