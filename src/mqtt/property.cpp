#include "mqtt/property.hpp"

#include "base/ensure.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tandemq::mqtt {
namespace {

enum class PropertyType : std::uint8_t { byte, two_byte, four_byte, variable, text, binary, pair };

constexpr unsigned at(PropertyPlace place) {
  return 1U << static_cast<unsigned>(place);
}

constexpr unsigned kConnect = at(PropertyPlace::connect);
constexpr unsigned kInWill = at(PropertyPlace::will);
constexpr unsigned kConnack = at(PropertyPlace::connack);
constexpr unsigned kPublish = at(PropertyPlace::publish);
constexpr unsigned kSubscribe = at(PropertyPlace::subscribe);
constexpr unsigned kDisconnect = at(PropertyPlace::disconnect);
constexpr unsigned kAuth = at(PropertyPlace::auth);
constexpr unsigned kAcks = at(PropertyPlace::puback) | at(PropertyPlace::pubrec) |
                           at(PropertyPlace::pubrel) | at(PropertyPlace::pubcomp) |
                           at(PropertyPlace::suback) | at(PropertyPlace::unsuback);
constexpr unsigned kEverywhere = (at(PropertyPlace::auth) << 1U) - 1;  // The last place.

struct PropertyRow {
  PropertyId id{};
  std::string_view name;
  PropertyType type{};
  unsigned places = 0;      // Bits of the places where it may stand.
  unsigned repeatable = 0;  // Those where it may stand more than once.
  std::uint32_t number_min = 0;
  std::uint32_t number_max = 0xFFFFFFFFU;
  ReasonCode out_of_range = ReasonCode::protocol_error;
};

using Id = PropertyId;
using Type = PropertyType;

constexpr PropertyRow flag(PropertyId id, std::string_view name, unsigned places) {
  return {id, name, Type::byte, places, 0, 0, 1};
}

// Table 2-4, with the ranges of the sections that describe each property.
constexpr PropertyRow kRows[] = {
    flag(Id::payload_format_indicator, "Payload Format Indicator", kPublish | kInWill),
    {Id::message_expiry_interval, "Message Expiry Interval", Type::four_byte, kPublish | kInWill},
    {Id::content_type, "Content Type", Type::text, kPublish | kInWill},
    {Id::response_topic, "Response Topic", Type::text, kPublish | kInWill},
    {Id::correlation_data, "Correlation Data", Type::binary, kPublish | kInWill},
    {Id::subscription_identifier, "Subscription Identifier", Type::variable, kPublish | kSubscribe,
     kPublish, 1, kVariableU32Max},
    {Id::session_expiry_interval, "Session Expiry Interval", Type::four_byte,
     kConnect | kConnack | kDisconnect},
    {Id::assigned_client_identifier, "Assigned Client Identifier", Type::text, kConnack},
    {Id::server_keep_alive, "Server Keep Alive", Type::two_byte, kConnack},
    {Id::authentication_method, "Authentication Method", Type::text, kConnect | kConnack | kAuth},
    {Id::authentication_data, "Authentication Data", Type::binary, kConnect | kConnack | kAuth},
    flag(Id::request_problem_information, "Request Problem Information", kConnect),
    {Id::will_delay_interval, "Will Delay Interval", Type::four_byte, kInWill},
    flag(Id::request_response_information, "Request Response Information", kConnect),
    {Id::response_information, "Response Information", Type::text, kConnack},
    {Id::server_reference, "Server Reference", Type::text, kConnack | kDisconnect},
    {Id::reason_string, "Reason String", Type::text, kConnack | kAcks | kDisconnect | kAuth},
    {Id::receive_maximum, "Receive Maximum", Type::two_byte, kConnect | kConnack, 0, 1},
    {Id::topic_alias_maximum, "Topic Alias Maximum", Type::two_byte, kConnect | kConnack},
    {Id::topic_alias, "Topic Alias", Type::two_byte, kPublish, 0, 1, 0xFFFF,
     ReasonCode::topic_alias_invalid},
    flag(Id::maximum_qos, "Maximum QoS", kConnack),
    flag(Id::retain_available, "Retain Available", kConnack),
    {Id::user_property, "User Property", Type::pair, kEverywhere, kEverywhere},
    {Id::maximum_packet_size, "Maximum Packet Size", Type::four_byte, kConnect | kConnack, 0, 1},
    flag(Id::wildcard_subscription_available, "Wildcard Subscription Available", kConnack),
    flag(Id::subscription_identifier_available, "Subscription Identifier Available", kConnack),
    flag(Id::shared_subscription_available, "Shared Subscription Available", kConnack),
};

constexpr std::size_t kIdEnd = 0x2B;

// Row of each identifier, plus one; zero where there is none.
constexpr std::array<std::uint8_t, kIdEnd> kRowOf = [] {
  std::array<std::uint8_t, kIdEnd> rows{};
  std::uint8_t next = 1;
  for (const PropertyRow& row : kRows) rows.at(static_cast<std::size_t>(row.id)) = next++;
  return rows;
}();

const PropertyRow* row_of(std::uint32_t id) {
  if (id >= kIdEnd || kRowOf.at(id) == 0) return nullptr;
  return &kRows[kRowOf.at(id) - 1];
}

const PropertyRow& known_row_of(PropertyId id) {
  const PropertyRow* row = row_of(static_cast<std::uint32_t>(id));
  ENSURE(row != nullptr, "a property that we write has an identifier of the table");
  return *row;
}

PropertyError malformed(std::string_view name, std::string_view what) {
  return {ReasonCode::malformed_packet, std::string(name).append(what)};
}

bool is_number(PropertyType type) {
  return type <= PropertyType::variable;
}

std::uint32_t read_number(Reader& reader, PropertyType type) {
  switch (type) {
    case PropertyType::byte:
      return reader.u8();
    case PropertyType::two_byte:
      return reader.u16();
    case PropertyType::four_byte:
      return reader.u32();
    default:
      return reader.variable_u32();
  }
}

bool is_topic_name(std::string_view topic) {
  return !topic.empty() && topic.find_first_of("+#") == std::string_view::npos;
}

std::optional<PropertyError> read_value(Reader& reader, const PropertyRow& row, Property& out) {
  if (is_number(row.type)) {
    out.number = read_number(reader, row.type);
  } else {
    out.text = reader.u16_bytes();
    if (row.type == PropertyType::pair) out.value = reader.u16_bytes();
  }
  if (!reader.ok()) return malformed(row.name, " does not fit into the properties");

  if (is_number(row.type)) {
    if (out.number >= row.number_min && out.number <= row.number_max) return std::nullopt;
    return PropertyError{row.out_of_range, std::string(row.name) + " is out of range"};
  }
  if (row.type == PropertyType::binary) return std::nullopt;
  if (!is_mqtt_utf8(out.text) || !is_mqtt_utf8(out.value)) {
    return malformed(row.name, " is not UTF-8");  // [MQTT-1.5.4-1] [MQTT-1.5.7-1]
  }
  if (row.id == PropertyId::response_topic && !is_topic_name(out.text)) {  // [MQTT-3.3.2-14]
    return PropertyError{ReasonCode::protocol_error, "Response Topic is not a topic name"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> Properties::number(PropertyId id) const {
  for (const Property& property : list_) {
    if (property.id == id) return property.number;
  }
  return std::nullopt;
}

const std::string* Properties::text(PropertyId id) const {
  for (const Property& property : list_) {
    if (property.id == id) return &property.text;
  }
  return nullptr;
}

std::optional<PropertyError> read_properties(Reader& reader, PropertyPlace place, Properties& out) {
  Reader list(reader.bytes(reader.variable_u32()));
  if (!reader.ok()) return malformed("Property Length", " is malformed or beyond the packet");
  std::uint64_t seen = 0;  // One bit an identifier.
  while (list.size() > 0) {
    const std::uint32_t id = list.variable_u32();
    const PropertyRow* row = list.ok() ? row_of(id) : nullptr;
    if (row == nullptr) return malformed("Property Identifier", " is unknown");
    if ((row->places & at(place)) == 0) return malformed(row->name, " does not belong here");
    if ((seen & (1ULL << id)) != 0 && (row->repeatable & at(place)) == 0) {
      return PropertyError{ReasonCode::protocol_error, std::string(row->name) + " is repeated"};
    }
    seen |= 1ULL << id;
    Property property;
    property.id = row->id;
    if (auto error = read_value(list, *row, property)) return error;
    out.add(std::move(property));
  }
  const auto has = [seen](PropertyId id) {
    return (seen & (1ULL << static_cast<unsigned>(id))) != 0;
  };
  if (has(Id::authentication_data) && !has(Id::authentication_method)) {  // 3.1.2.11.10
    return PropertyError{ReasonCode::protocol_error, "Authentication Data without a method"};
  }
  return std::nullopt;
}

void write_property(Writer& writer, const Property& property) {
  writer.u8(static_cast<std::uint8_t>(property.id));
  switch (known_row_of(property.id).type) {
    case PropertyType::byte:
      return writer.u8(static_cast<std::uint8_t>(property.number));
    case PropertyType::two_byte:
      return writer.u16(static_cast<std::uint16_t>(property.number));
    case PropertyType::four_byte:
      return writer.u32(property.number);
    case PropertyType::variable:
      return writer.variable_u32(property.number);
    case PropertyType::text:
    case PropertyType::binary:
      return writer.u16_bytes(property.text);
    case PropertyType::pair:
      writer.u16_bytes(property.text);
      return writer.u16_bytes(property.value);
  }
}

std::size_t property_size(const Property& property) {
  switch (known_row_of(property.id).type) {
    case PropertyType::byte:
      return 1 + 1;
    case PropertyType::two_byte:
      return 1 + 2;
    case PropertyType::four_byte:
      return 1 + 4;
    case PropertyType::variable:
      return 1 + variable_u32_size(property.number);
    case PropertyType::text:
    case PropertyType::binary:
      return 1 + 2 + property.text.size();
    case PropertyType::pair:
      return 1 + 2 + property.text.size() + 2 + property.value.size();
  }
  return 0;
}

void write_properties(Writer& writer, const Properties& properties) {
  writer.variable_u32(static_cast<std::uint32_t>(properties_size(properties)));
  for (const Property& property : properties.list()) write_property(writer, property);
}

std::size_t properties_size(const Properties& properties) {
  std::size_t size = 0;
  for (const Property& property : properties.list()) size += property_size(property);
  return size;
}

std::string forwarded_properties(const Properties& properties) {
  constexpr PropertyId kForwarded[] = {Id::payload_format_indicator, Id::content_type,
                                       Id::response_topic, Id::correlation_data, Id::user_property};
  std::string out;
  Writer writer(out);
  for (const Property& property : properties.list()) {
    if (std::ranges::find(kForwarded, property.id) != std::end(kForwarded)) {
      write_property(writer, property);
    }
  }
  return out;
}

}  // namespace tandemq::mqtt
