#include "node/diverged_rows.hpp"

#include "topic/subscription.hpp"

#include <cstdint>
#include <utility>
#include <variant>

namespace tandemq {
namespace {

constexpr std::uint32_t kNeverExpires_s = 0xFFFFFFFF;

std::string expiry(std::uint32_t expiry_s) {
  return expiry_s == kNeverExpires_s ? "never expires"
                                     : "expires after " + std::to_string(expiry_s) + " s";
}

std::string user(const std::string& user_name) {
  return user_name.empty() ? "" : "user " + user_name + ", ";
}

std::string under(std::uint16_t packet_id) {
  return "packet id " + std::to_string(packet_id);
}

Json what(const char* text) {
  return Json{{"what", text}};
}

Json what(const char* text, std::string detail) {
  return Json{{"what", text}, {"detail", std::move(detail)}};
}

void put_message(Json& row, const Message& message) {
  row["topic"] = message.topic;
  row["qos"] = static_cast<int>(message.qos);
  row["retain"] = message.retain;
  if (!message.expires_at.is_never()) row["expires_at"] = message.expires_at.ms;
  put_payload(row, "payload", message.payload);
}

Json describe(const SessionOpened& m) {
  return what("session opened", user(m.user_name) + expiry(m.expiry_s));
}
Json describe(const SessionResumed& m) {
  return what("session resumed", user(m.user_name) + expiry(m.expiry_s));
}
Json describe(const SessionSuspended& m) {
  return what("session suspended", expiry(m.expiry_s));
}
Json describe(const SessionEnded&) {
  return what("session ended");
}
Json describe(const Subscribed& m) {
  Json row = what("subscribed");
  row["topic"] = m.filter;
  row["qos"] = decode_options(m.options).value_or(SubscriptionOptions{}).qos;
  if (m.identifier != 0) row["detail"] = "identifier " + std::to_string(m.identifier);
  return row;
}
Json describe(const Unsubscribed& m) {
  Json row = what("unsubscribed");
  row["topic"] = m.filter;
  return row;
}
Json describe(const MessageStored& m) {
  Json row = what("message");
  row["message"] = number(m.message->id);
  if (!m.message->publisher.empty()) row["client"] = m.message->publisher;
  put_message(row, *m.message);
  return row;
}
Json describe(const Queued& m) {
  Json row = m.packet_id == 0 ? what("queued") : what("sent", under(m.packet_id));
  row["message"] = number(m.message);
  row["qos"] = static_cast<int>(m.qos);
  row["retain"] = m.retain;
  return row;
}
Json describe(const Sent& m) {
  return m.packet_id == 0 ? what("sent", "QoS 0") : what("sent", under(m.packet_id));
}
Json describe(const Released& m) {
  return what("received by the client", under(m.packet_id));
}
Json describe(const Acknowledged& m) {
  return what("acknowledged", under(m.packet_id));
}
Json describe(const Discarded& m) {
  return what("discarded", "delivery " + std::to_string(m.sequence));
}
Json describe(const IncomingTaken& m) {
  return what("QoS 2 taken", under(m.packet_id));
}
Json describe(const IncomingReleased& m) {
  return what("QoS 2 released", under(m.packet_id));
}
Json describe(const RetainedSet& m) {
  Json row = what("retained");
  row["message"] = number(m.message);
  return row;
}
Json describe(const RetainedCleared& m) {
  Json row = what("no longer retained");
  row["topic"] = m.topic;
  return row;
}
Json describe(const WillSet& m) {
  Json row = what("will set", "delay " + std::to_string(m.delay_s) + " s");
  row["client"] = m.client_id;
  put_message(row, *m.message);
  return row;
}
Json describe(const WillScheduled& m) {
  Json row = what("will scheduled");
  row["client"] = m.client_id;
  row["due_at"] = m.at.ms;
  return row;
}
Json describe(const WillCleared& m) {
  Json row = what("will published or gone");
  row["client"] = m.client_id;
  return row;
}
Json describe(const TermStart& m) {
  return what("term begun", "term " + std::to_string(m.term.counter));
}

// None: it is about no session.
SessionId session_of(const Mutation& mutation) {
  return std::visit(
      [](const auto& m) {
        if constexpr (requires { m.session; }) return m.session;
        return SessionId::none;
      },
      mutation);
}

}  // namespace

void DivergedRows::take(const OpenedRecord& record, std::vector<Json>& rows) {
  for (const Mutation& mutation : record.mutations) {
    const SessionId session = session_of(mutation);
    if (const auto* opened = std::get_if<SessionOpened>(&mutation))
      clients_[session] = opened->client_id;
    if (!messages_only_ || std::holds_alternative<MessageStored>(mutation)) {
      Json row{{"lsn", record.position.lsn}, {"at", record.at.ms}};
      row.update(std::visit([](const auto& m) { return describe(m); }, mutation));
      if (session != SessionId::none) row["client"] = client_of(session);
      rows.push_back(std::move(row));
    }
    if (std::holds_alternative<SessionEnded>(mutation)) clients_.erase(session);
  }
}

std::string DivergedRows::client_of(SessionId session) const {
  const auto found = clients_.find(session);
  return found == clients_.end() ? "session " + std::to_string(index(session)) : found->second;
}

}  // namespace tandemq
