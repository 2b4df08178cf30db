#include "transfer/line.hpp"

#include "access/lines.hpp"
#include "transfer/line_fields.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace tandemq {
namespace {

constexpr std::uint64_t kIdMax = INT64_MAX;  // More than enough, and a number for every reader.

mqtt::QoS qos_of(std::uint8_t number) {
  return static_cast<mqtt::QoS>(number);
}

void put_subscription_options(Json& json, const SubscriptionOptions& options) {
  json["qos"] = options.qos;
  json["no_local"] = options.no_local;
  json["retain_as_published"] = options.retain_as_published;
  json["retain_handling"] = static_cast<std::uint8_t>(options.retain_handling);
}

void put_content(Json& json, const Message& message) {
  json["topic"] = message.topic;
  put_bytes(json, "payload", message.payload);
  json["qos"] = static_cast<std::uint8_t>(message.qos);
  json["retain"] = message.retain;
  put_properties(json, message.forwarded);
}

void take_content(LineFields& fields, Message& message) {
  message.topic = fields.topic("topic");
  message.payload = fields.bytes("payload");
  message.qos = fields.qos();
  message.retain = fields.flag("retain");
  message.forwarded = fields.properties();
}

MessageId take_id(LineFields& fields, std::string_view key, std::uint64_t min,
                  std::optional<std::uint64_t> fallback = std::nullopt) {
  return static_cast<MessageId>(fields.number(key, min, kIdMax, fallback));
}

Json json_of(const HeaderLine& line) {
  Json json = {{"type", "header"}, {"format", line.format}, {"source", line.source}};
  put_time(json, "exported_at", line.exported_at);
  return json;
}

Line header_of(LineFields& fields) {
  HeaderLine line;
  line.format = static_cast<std::uint32_t>(fields.number("format", kLineFormat, kLineFormat));
  line.source = fields.name("source");
  line.exported_at = fields.time("exported_at");
  return line;
}

Json json_of(const SessionLine& line) {
  Json json = {{"type", "session"},
               {"client", line.client},
               {"user", line.user},
               {"expiry_s", line.expiry_s}};
  put_time(json, "opened_at", line.opened_at);
  put_time(json, "suspended_at", line.suspended_at);
  json["incoming"] = line.incoming;
  return json;
}

Line session_of(LineFields& fields) {
  SessionLine line;
  line.client = fields.text("client");
  line.user = fields.name("user");
  line.expiry_s = static_cast<std::uint32_t>(fields.number("expiry_s", 0, UINT32_MAX));
  line.opened_at = fields.time("opened_at");
  line.suspended_at = fields.time("suspended_at");
  for (const std::uint32_t packet_id : fields.numbers("incoming", UINT16_MAX))
    line.incoming.push_back(static_cast<std::uint16_t>(packet_id));
  std::ranges::sort(line.incoming);
  if (std::ranges::adjacent_find(line.incoming) != line.incoming.end())
    fields.fail("incoming", "each packet id once");
  return line;
}

Json json_of(const SubscriptionLine& line) {
  Json json = {{"type", "subscription"}, {"client", line.client}, {"filter", line.filter}};
  put_subscription_options(json, line.options);
  json["identifier"] = line.identifier;
  return json;
}

Line subscription_of(LineFields& fields) {
  SubscriptionLine line;
  line.client = fields.text("client");
  line.filter = fields.filter("filter");
  line.options.qos = static_cast<std::uint8_t>(fields.qos());
  line.options.no_local = fields.flag("no_local");
  line.options.retain_as_published = fields.flag("retain_as_published");
  line.options.retain_handling =
      static_cast<RetainHandling>(fields.number("retain_handling", 0, 2, 0));
  line.identifier = static_cast<std::uint32_t>(fields.number("identifier", 0, kVariableU32Max, 0));
  return line;
}

Json json_of(const MessageLine& line) {
  Json json = {{"type", "message"}, {"id", number(line.message->id)}};
  put_content(json, *line.message);
  put_time(json, "published_at", line.message->published_at);
  put_time(json, "expires_at", line.message->expires_at);
  json["publisher"] = line.message->publisher;
  return json;
}

Line message_of(LineFields& fields) {
  Message message;
  message.id = take_id(fields, "id", 1);
  take_content(fields, message);
  message.published_at = fields.time("published_at");
  message.expires_at = fields.time("expires_at");
  message.publisher = fields.name("publisher");
  return MessageLine{std::make_shared<const Message>(std::move(message))};
}

Json json_of(const QueuedLine& line) {
  Json json = {{"type", "queued"}, {"client", line.client}};
  if (line.message != MessageId::none) json["message"] = number(line.message);
  json["qos"] = static_cast<std::uint8_t>(line.qos);
  json["retain"] = line.retain;
  if (line.packet_id != 0) json["packet_id"] = line.packet_id;
  json["released"] = line.released;
  json["identifiers"] = line.identifiers;
  if (line.share != 0) json["share"] = std::to_string(line.share);
  return json;
}

Line queued_of(LineFields& fields) {
  QueuedLine line;
  line.client = fields.text("client");
  line.message = take_id(fields, "message", 1, 0);
  line.qos = fields.qos();
  line.retain = fields.flag("retain");
  line.packet_id = static_cast<std::uint16_t>(fields.number("packet_id", 0, UINT16_MAX, 0));
  line.released = fields.flag("released");
  line.identifiers = fields.numbers("identifiers", kVariableU32Max);
  line.share = fields.decimal("share");
  if (line.message == MessageId::none && !line.released)
    fields.fail("message", "the id of a message, unless released is true");
  if (line.qos == qos_of(0) && line.packet_id != 0) fields.fail("packet_id", "none, the qos is 0");
  if (line.released && (line.qos != qos_of(2) || line.packet_id == 0))
    fields.fail("released", "false, unless qos is 2 and there is a packet_id");
  return line;
}

Json json_of(const RetainedLine& line) {
  return {{"type", "retained"}, {"message", number(line.message)}};
}

Line retained_of(LineFields& fields) {
  return RetainedLine{take_id(fields, "message", 1)};
}

Json json_of(const WillLine& line) {
  Json json = {{"type", "will"},
               {"client", line.will.client_id},
               {"user", line.will.user_name},
               {"delay_s", line.will.delay_s}};
  if (line.will.message_expiry_s) json["message_expiry_s"] = *line.will.message_expiry_s;
  put_time(json, "at", line.at);
  put_content(json, *line.will.message);
  return json;
}

Line will_of(LineFields& fields) {
  constexpr std::uint64_t kAbsent = UINT64_MAX;
  WillLine line;
  line.will.client_id = fields.text("client");
  line.will.user_name = fields.name("user");
  line.will.delay_s = static_cast<std::uint32_t>(fields.number("delay_s", 0, UINT32_MAX, 0));
  const std::uint64_t expiry_s = fields.number("message_expiry_s", 0, UINT32_MAX, kAbsent);
  if (expiry_s != kAbsent) line.will.message_expiry_s = static_cast<std::uint32_t>(expiry_s);
  line.at = fields.time("at");
  Message message;
  take_content(fields, message);
  line.will.message = std::make_shared<const Message>(std::move(message));
  return line;
}

struct LineType {
  std::string_view name;
  Line (*parse)(LineFields& fields);
};

// In the order of Line.
constexpr LineType kLineTypes[] = {
    {"header", header_of},   {"session", session_of}, {"subscription", subscription_of},
    {"message", message_of}, {"queued", queued_of},   {"retained", retained_of},
    {"will", will_of},
};

Result<Line> parse_object(const Json& json) {
  LineFields fields(json);
  const std::string name = fields.text("type");
  const auto* type = std::ranges::find(kLineTypes, name, &LineType::name);
  if (type == std::end(kLineTypes)) {
    fields.fail("type", "header, session, subscription, message, queued, retained or will");
    return failure(fields.end().error().text);
  }
  Line line = type->parse(fields);
  if (const auto end = fields.end(); !end) return failure(end.error().text);
  return line;
}

}  // namespace

Result<Line> parse_line(std::string_view text) {
  const auto json = parse_json(text);
  auto line = json ? parse_object(*json) : Result<Line>(failure("it is not JSON"));
  if (line) return line;
  return failure("The line " + quoted(text) + " cannot be imported: " + line.error().text + ".");
}

Json line_json(const Line& line) {
  return std::visit([](const auto& kind) { return json_of(kind); }, line);
}

std::string line_text(const Line& line) {
  return json_text(line_json(line));
}

std::string_view line_type(std::size_t index) {
  return kLineTypes[index].name;
}

}  // namespace tandemq
