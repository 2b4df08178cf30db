// audit_line: what stands in a line of the audit trail, as an object whose fields keep their order,
// and that object as text, as JSON and as fields of the journal. docs/AUDIT.md has the fields: they
// are an interface, so a name once given stays. Pure; any thread.
#pragma once

#include "admin/admin_call.hpp"
#include "broker/audit.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

Json audit_fields(const AuditEvent& event, std::string_view node_id);
Json audit_fields(const AdminCall& call, std::string_view node_id);
// The trail itself begins or ends: "audit_started", "audit_stopped".
Json audit_fields(std::string_view event, Instant at, std::string_view node_id);

std::string audit_json(const Json& fields);  // A line without its end, as is audit_text().
std::string audit_text(const Json& fields);
// "MESSAGE=...", "TANDEMQ_CLIENT=...": what sd_journal_send takes.
std::vector<std::string> audit_journal(const Json& fields);

}  // namespace tandemq
