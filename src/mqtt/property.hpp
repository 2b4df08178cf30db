// Properties of MQTT 5.0 (section 2.2.2): one table says for each identifier its type, the packets
// that may carry it and whether it may repeat; decoding, encoding and checking read that table.
// A Properties is the list as it stands in a packet, order kept. Plain values, any thread.
#pragma once

#include "base/wire.hpp"
#include "mqtt/reason.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq::mqtt {

enum class PropertyId : std::uint8_t {
  payload_format_indicator = 0x01,
  message_expiry_interval = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_identifier = 0x0B,
  session_expiry_interval = 0x11,
  assigned_client_identifier = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  request_problem_information = 0x17,
  will_delay_interval = 0x18,
  request_response_information = 0x19,
  response_information = 0x1A,
  server_reference = 0x1C,
  reason_string = 0x1F,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_subscription_available = 0x28,
  subscription_identifier_available = 0x29,
  shared_subscription_available = 0x2A,
};

struct Property {
  PropertyId id{};
  std::uint32_t number = 0;  // For the numeric types.
  std::string text;          // For strings and binary data; the name of a User Property.
  std::string value;         // The value of a User Property.

  bool operator==(const Property&) const = default;
};

class Properties {
 public:
  void add(PropertyId id, std::uint32_t number) { list_.push_back({id, number, {}, {}}); }
  void add(PropertyId id, std::string_view text) {
    list_.push_back({id, 0, std::string(text), {}});
  }
  void add_user(std::string_view name, std::string_view value) {
    list_.push_back({PropertyId::user_property, 0, std::string(name), std::string(value)});
  }
  void add(Property property) { list_.push_back(std::move(property)); }

  [[nodiscard]] std::optional<std::uint32_t> number(PropertyId id) const;  // The first, if any.
  [[nodiscard]] const std::string* text(PropertyId id) const;              // Null if absent.
  [[nodiscard]] const std::vector<Property>& list() const { return list_; }
  [[nodiscard]] bool empty() const { return list_.empty(); }
  bool operator==(const Properties&) const = default;

 private:
  std::vector<Property> list_;
};

// Where a property list stands; CONNECT has two.
enum class PropertyPlace : std::uint8_t {
  connect,
  will,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  disconnect,
  auth,
};

struct PropertyError {
  ReasonCode reason;
  std::string why;
};

// Reads length and list. Unknown identifiers, wrong places, forbidden repeats, values out of range
// and malformed text are errors: 0x81 or 0x82, as the clause says (2.2.2.2).
std::optional<PropertyError> read_properties(Reader& reader, PropertyPlace place, Properties& out);

void write_property(Writer& writer, const Property& property);  // Identifier and value.
std::size_t property_size(const Property& property);
void write_properties(Writer& writer, const Properties& properties);  // Length and list.
std::size_t properties_size(const Properties& properties);  // Of the list, not the length.

// Of a PUBLISH or a will: those that travel with the message to its receivers, encoded in their
// order (payload format, content type, response topic, correlation data, user properties).
std::string forwarded_properties(const Properties& properties);

}  // namespace tandemq::mqtt
