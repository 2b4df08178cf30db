#include "node/audit_line.hpp"

#include "admin/moment.hpp"
#include "mqtt/reason.hpp"

#include <cctype>
#include <utility>

namespace tandemq {
namespace {

constexpr std::string_view kDenied = "denied";
constexpr std::string_view kRefused = "refused";

std::string_view audit_version(mqtt::Version version) {
  if (version == mqtt::Version::v31) return "3.1";
  return version == mqtt::Version::v311 ? "3.1.1" : "5.0";
}

Json begin_fields(std::string_view event, Instant at, std::string_view node_id) {
  Json fields;
  fields["time"] = rfc3339(at);
  fields["node"] = node_id;
  fields["event"] = event;
  return fields;
}

void put_text(Json& fields, const char* name, const std::string& text) {
  if (!text.empty()) fields[name] = text;
}

// As it is if that is one word, else in quotes.
std::string word_of(const Json& value) {
  if (!value.is_string()) return json_text(value);
  const auto& text = value.get_ref<const std::string&>();
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == '\x7F')
      return json_text(value);
  return text.empty() ? "\"\"" : text;
}

std::string pairs_of(const Json& fields) {
  std::string text = fields.at("event").get<std::string>();
  for (const auto& [name, value] : fields.items())
    if (name != "time" && name != "node" && name != "event")
      text.append(" ").append(name).append("=").append(word_of(value));
  return text;
}

// Whether somebody was told no: worth a notice in the journal.
bool is_refusal(std::string_view event) {
  return event.ends_with(kDenied) || event.ends_with(kRefused) || event == "login_paused";
}

}  // namespace

Json audit_fields(const AuditEvent& event, std::string_view node_id) {
  Json fields = begin_fields(name(event.what), event.at, node_id);
  fields["client"] = event.client_id;
  put_text(fields, "user", event.user_name);
  put_text(fields, "address", event.address);
  put_text(fields, "listener", event.listener);
  if (event.version) fields["mqtt"] = audit_version(*event.version);
  if (!event.roles.empty()) fields["roles"] = event.roles;
  put_text(fields, "topic", event.topic);
  if (event.rule > 0) fields["rule"] = event.rule;
  if (event.count > 0) fields["count"] = event.count;
  if (event.reason) fields["reason_code"] = static_cast<unsigned>(*event.reason);
  put_text(fields, "why", event.why);
  return fields;
}

Json audit_fields(const AdminCall& call, std::string_view node_id) {
  Json fields = begin_fields("admin_command", call.at, node_id);
  if (call.peer) {
    fields["uid"] = call.peer->uid;
    fields["pid"] = call.peer->pid;
  }
  fields["command"] = call.command;
  fields["arguments"] = call.arguments;
  fields["result"] = call.error.empty() ? "ok" : "failed";
  put_text(fields, "why", call.error);
  return fields;
}

Json audit_fields(std::string_view event, Instant at, std::string_view node_id) {
  return begin_fields(event, at, node_id);
}

std::string audit_json(const Json& fields) {
  return json_text(fields);
}

std::string audit_text(const Json& fields) {
  return fields.at("time").get<std::string>() + " " + fields.at("node").get<std::string>() + " " +
         pairs_of(fields);
}

std::vector<std::string> audit_journal(const Json& fields) {
  const bool refusal = is_refusal(fields.at("event").get<std::string>());
  std::vector<std::string> lines{"MESSAGE=" + pairs_of(fields),
                                 std::string("PRIORITY=") + (refusal ? "5" : "6"),
                                 "SYSLOG_IDENTIFIER=tandemqd"};
  for (const auto& [name, value] : fields.items()) {
    std::string line = "TANDEMQ_";
    for (const char c : name)
      line.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
    line += "=" + (value.is_string() ? value.get<std::string>() : json_text(value));
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace tandemq
