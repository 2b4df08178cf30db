#include "node/reports.hpp"

#include <string>
#include <string_view>

namespace tandemq {
namespace {

constexpr std::size_t kPayloadShown = 1'024;  // Bytes of a payload that is only peeked at.

// A time that never comes is left out.
void put_time(Json& object, const char* key, Instant at) {
  if (!at.is_never()) object[key] = at.ms;
}

std::string_view name_of(DeliveryPhase phase) {
  switch (phase) {
    case DeliveryPhase::queued:
      return "queued";
    case DeliveryPhase::sent:
      return "sent";
    case DeliveryPhase::released:
      break;
  }
  return "released";
}

int number_of(mqtt::QoS qos) {
  return static_cast<int>(qos);
}

std::string_view name(AckPolicy::By by) {
  constexpr std::string_view kNames[] = {"node", "listener", "user"};
  return kNames[static_cast<std::size_t>(by)];
}

// The beginning of a text must not end within a character.
std::string_view beginning_of(std::string_view payload) {
  if (payload.size() <= kPayloadShown) return payload;
  std::size_t size = kPayloadShown;
  while (size > kPayloadShown - 4 && (static_cast<unsigned char>(payload[size]) & 0xC0U) == 0x80U)
    --size;
  return payload.substr(0, size);
}

Json traffic(const std::array<std::uint64_t, 3>& messages, std::uint64_t bytes) {
  return {{"qos0", messages[0]}, {"qos1", messages[1]}, {"qos2", messages[2]}, {"bytes", bytes}};
}

}  // namespace

Json to_json(const StatusReport& report) {
  const Counters& counters = report.counters;
  Json dropped{{"total", report.dropped}};
  for (std::size_t i = 0; i < report.drops.size(); ++i)
    dropped[std::string(name(static_cast<DropReason>(i)))] = report.drops[i];
  Json by_level = Json::object();
  for (std::size_t i = 0; i < kCommitLevels; ++i)
    if (counters.acknowledged[i] > 0)
      by_level[std::string(name(static_cast<CommitLevel>(i)))] = counters.acknowledged[i];
  Json limits = Json::object();
  for (std::size_t i = 0; i < kLimits; ++i)
    if (report.limit_hits[i] > 0)
      limits[std::string(name(static_cast<Limit>(i)))] = report.limit_hits[i];
  return {{"node", report.node_id},
          {"uptime_ms", report.uptime_ms},
          {"connections", report.connections},
          {"sessions", report.sessions},
          {"subscriptions", report.subscriptions},
          {"filters", report.filters},
          {"retained", {{"count", report.retained_count}, {"bytes", report.retained_bytes}}},
          {"queued", report.queued_count},
          {"inflight", report.inflight_count},
          {"stored", report.messages_stored},
          {"wills", report.wills},
          {"publishers_blocked", report.publishers_blocked},
          {"ack", {{"level", name(report.level)}, {"rules", report.ack_rules}}},
          {"acknowledged", std::move(by_level)},
          {"received", traffic(counters.messages_received, counters.bytes_received)},
          {"sent", traffic(counters.messages_sent, counters.bytes_sent)},
          {"dropped", std::move(dropped)},
          {"table_rows", counters.table_rows},
          {"accepted", counters.connections_accepted},
          {"refused", counters.connections_refused},
          {"logins_failed", counters.logins_failed},
          {"logins_paused", counters.logins_paused},
          {"takeovers", counters.takeovers},
          {"sessions_expired", counters.sessions_expired},
          {"protocol_errors", counters.protocol_errors},
          {"limits", std::move(limits)},
          {"memory",
           {{"max_bytes", report.memory_max_bytes},
            {"pressure", name(report.pressure)},
            {"publishers_held", report.publishers_held}}}};
}

Json to_json(const ClientReport& report) {
  return {{"client", report.client_id},
          {"user", report.user_name},
          {"address", report.address},
          {"listener", report.listener},
          {"protocol", report.protocol},
          {"connected_at", report.connected_at.ms},
          {"received_at", report.received_at.ms},
          {"keep_alive_s", report.keep_alive_s},
          {"session_expiry_s", report.session_expiry_s},
          {"blocked", report.blocked},
          {"inflight", report.inflight_count},
          {"queued", report.queued_count},
          {"queued_bytes", report.queued_bytes},
          {"subscriptions", report.subscriptions},
          {"ack", {{"level", name(report.ack.level)}, {"by", name(report.ack.by)}}},
          {"received", report.received_count},
          {"sent", report.sent_count},
          {"held", report.held},
          {"throttled", {{"count", report.throttled_count}, {"ms", report.throttled_ms}}}};
}

Json to_json(const SessionReport& report) {
  Json json{{"client", report.client_id},
            {"user", report.user_name},
            {"connected", report.connected},
            {"durable", report.durable},
            {"opened_at", report.opened_at.ms}};
  put_time(json, "suspended_at", report.suspended_at);
  put_time(json, "expires_at", report.expires_at);
  json["expiry_s"] = report.expiry_s;
  json["inflight"] = report.inflight_count;
  json["queued"] = report.queued_count;
  json["queued_bytes"] = report.queued_bytes;
  json["subscriptions"] = report.subscriptions;
  json["incoming"] = report.incoming_count;
  return json;
}

Json to_json(const SubscriptionReport& report) {
  const SubscriptionOptions& options = report.options;
  Json json{{"client", report.client_id}, {"filter", report.filter}, {"qos", options.qos}};
  if (report.identifier != 0) json["identifier"] = report.identifier;
  json["no_local"] = options.no_local;
  json["retain_as_published"] = options.retain_as_published;
  json["granted"] = report.granted;
  json["retain_handling"] = static_cast<int>(options.retain_handling);
  return json;
}

Json to_json(const DeliveryReport& report) {
  Json json{{"sequence", report.sequence}, {"phase", name_of(report.phase)}};
  if (report.packet_id != 0) json["packet_id"] = report.packet_id;
  json["qos"] = number_of(report.qos);
  if (!report.message) return json;
  json["topic"] = report.message->topic;
  json["published_at"] = report.message->published_at.ms;
  put_time(json, "expires_at", report.message->expires_at);
  json["payload_bytes"] = report.message->payload.size();
  put_payload(json, "payload", beginning_of(report.message->payload));
  return json;
}

Json to_json(const Drop& drop) {
  return {{"sequence", drop.sequence}, {"at", drop.at.ms},         {"reason", name(drop.reason)},
          {"count", drop.count},       {"client", drop.client_id}, {"topic", drop.topic}};
}

Json to_json(const ArrivedMessage& arrived) {
  Json json{{"at", arrived.at.ms},
            {"topic", arrived.message->topic},
            {"qos", number_of(arrived.qos)},
            {"retain", arrived.retain}};
  put_payload(json, "payload", arrived.message->payload);
  return json;
}

Json to_json(const TraceEvent& event) {
  Json json{{"at", event.at.ms}, {"client", event.client_id}, {"address", event.address}};
  if (!event.topic.empty()) json["topic"] = event.topic;
  json["text"] = event.text;
  return json;
}

Json retained_json(const Message& message) {
  Json json{{"topic", message.topic},
            {"qos", number_of(message.qos)},
            {"published_at", message.published_at.ms}};
  put_time(json, "expires_at", message.expires_at);
  json["publisher"] = message.publisher;
  json["payload_bytes"] = message.payload.size();
  return json;
}

}  // namespace tandemq
