#include "transfer/line_fields.hpp"

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace tandemq {
namespace {

using mqtt::PropertyId;

constexpr std::size_t kTextSizeMax = 65'535;
constexpr TopicLimits kAnyLevels{kTextSizeMax, kTextSizeMax};
constexpr std::string_view kBase64 = "_base64";

std::string between(std::uint64_t min, std::uint64_t max) {
  return "a number from " + std::to_string(min) + " to " + std::to_string(max);
}

bool is_text(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() <= kTextSizeMax && is_mqtt_utf8(text);
}

// The list behind Message::forwarded; nothing if it is not one.
std::optional<mqtt::Properties> decode_forwarded(std::string_view forwarded) {
  if (forwarded.size() > kVariableU32Max) return std::nullopt;
  std::string bytes;
  Writer writer(bytes);
  writer.variable_u32(static_cast<std::uint32_t>(forwarded.size()));
  writer.bytes(forwarded);
  Reader reader(bytes);
  mqtt::Properties properties;
  if (read_properties(reader, mqtt::PropertyPlace::publish, properties)) return std::nullopt;
  return properties;
}

Json properties_json(const mqtt::Properties& properties) {
  Json object = Json::object();
  for (const mqtt::Property& property : properties.list()) {
    switch (property.id) {
      case PropertyId::payload_format_indicator:
        object["payload_format"] = property.number;
        break;
      case PropertyId::content_type:
        object["content_type"] = property.text;
        break;
      case PropertyId::response_topic:
        object["response_topic"] = property.text;
        break;
      case PropertyId::correlation_data:
        object["correlation_base64"] = encode_base64(property.text);
        break;
      default:
        object["user"].push_back(Json::array({property.text, property.value}));
    }
  }
  return object;
}

bool add_user_properties(mqtt::Properties& properties, const Json& pairs) {
  if (!pairs.is_array()) return false;
  for (const Json& pair : pairs) {
    if (!pair.is_array() || pair.size() != 2 || !is_text(pair[0]) || !is_text(pair[1]))
      return false;
    properties.add_user(pair[0].get_ref<const std::string&>(),
                        pair[1].get_ref<const std::string&>());
  }
  return true;
}

bool add_property(mqtt::Properties& properties, const std::string& key, const Json& value) {
  if (key == "user") return add_user_properties(properties, value);
  if (key == "payload_format") {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 1) return false;
    properties.add(PropertyId::payload_format_indicator, value.get<std::uint32_t>());
    return true;
  }
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  if (key == "correlation_base64") {
    const auto bytes = decode_base64(text);
    if (!bytes || bytes->size() > kTextSizeMax) return false;
    properties.add(PropertyId::correlation_data, *bytes);
    return true;
  }
  if (!is_text(value)) return false;
  if (key == "content_type") {
    properties.add(PropertyId::content_type, text);
    return true;
  }
  if (key != "response_topic" || !is_any_topic(text)) return false;
  properties.add(PropertyId::response_topic, text);
  return true;
}

// In the order of the keys; nothing if a key or a value is not allowed.
std::optional<std::string> encode_forwarded(const Json& object) {
  if (!object.is_object()) return std::nullopt;
  mqtt::Properties properties;
  for (const auto& item : object.items())
    if (!add_property(properties, item.key(), item.value())) return std::nullopt;
  return forwarded_properties(properties);
}

}  // namespace

bool is_any_topic(std::string_view topic) {
  return is_mqtt_utf8(topic) && is_valid_name(topic, kAnyLevels);
}

bool is_any_filter(std::string_view filter) {
  if (!is_mqtt_utf8(filter)) return false;
  if (!is_shared(filter)) return is_valid_filter(filter, kAnyLevels);
  const auto shared = split_shared(filter);
  return shared && is_valid_filter(shared->filter, kAnyLevels);
}

LineFields::LineFields(const Json& object) : object_(object) {
  if (!object.is_object()) error_ = "it is not a JSON object";
}

void LineFields::fail(std::string_view key, std::string_view expected) {
  if (!error_.empty()) return;
  error_ = std::string(key) + ": expected is " + std::string(expected);
}

Result<void> LineFields::end() {
  if (error_.empty()) {
    for (const auto& item : object_.items()) {
      if (std::ranges::find(taken_, item.key()) == taken_.end())
        error_ = item.key() + ": a line of this type has no such key";
    }
  }
  if (!error_.empty()) return failure(error_);
  return {};
}

const Json* LineFields::find(std::string_view key) {
  if (!error_.empty()) return nullptr;
  taken_.emplace_back(key);
  const auto found = object_.find(taken_.back());
  return found == object_.end() ? nullptr : &*found;
}

std::uint64_t LineFields::number(std::string_view key, std::uint64_t min, std::uint64_t max,
                                 std::optional<std::uint64_t> fallback) {
  const Json* value = find(key);
  if (value == nullptr && fallback) return *fallback;
  if (value == nullptr || !value->is_number_unsigned()) {
    fail(key, between(min, max));
    return 0;
  }
  const auto number = value->get<std::uint64_t>();
  if (number >= min && number <= max) return number;
  fail(key, between(min, max));
  return 0;
}

std::vector<std::uint32_t> LineFields::numbers(std::string_view key, std::uint32_t max) {
  std::vector<std::uint32_t> numbers;
  const Json* list = find(key);
  if (list == nullptr) return numbers;
  const auto is_allowed = [max](const Json& value) {
    return value.is_number_unsigned() && value.get<std::uint64_t>() >= 1 &&
           value.get<std::uint64_t>() <= max;
  };
  if (!list->is_array() || !std::all_of(list->begin(), list->end(), is_allowed)) {
    fail(key, "a list, each of it " + between(1, max));
    return numbers;
  }
  for (const Json& value : *list) numbers.push_back(value.get<std::uint32_t>());
  return numbers;
}

bool LineFields::flag(std::string_view key) {
  const Json* value = find(key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) fail(key, "true or false");
  return value->is_boolean() && value->get<bool>();
}

Instant LineFields::time(std::string_view key) {
  constexpr auto kNever = static_cast<std::uint64_t>(Instant::never().ms);
  return Instant{static_cast<std::int64_t>(number(key, 0, kNever, kNever))};
}

mqtt::QoS LineFields::qos() {
  return static_cast<mqtt::QoS>(number("qos", 0, 2));
}

const std::string* LineFields::find_text(std::string_view key, bool is_optional) {
  const Json* value = find(key);
  if (value == nullptr && is_optional) return nullptr;
  if (value != nullptr && is_text(*value)) return value->get_ptr<const std::string*>();
  fail(key, "a text of at most 65535 bytes");
  return nullptr;
}

std::string LineFields::text(std::string_view key) {
  const std::string* text = find_text(key, false);
  if (text != nullptr && text->empty()) fail(key, "a text that is not empty");
  return text == nullptr ? std::string() : *text;
}

std::string LineFields::name(std::string_view key) {
  const std::string* text = find_text(key, true);
  return text == nullptr ? std::string() : *text;
}

std::string LineFields::topic(std::string_view key) {
  std::string topic = text(key);
  if (!is_any_topic(topic)) fail(key, "a topic without wildcards");
  return topic;
}

std::string LineFields::filter(std::string_view key) {
  std::string filter = text(key);
  if (!is_any_filter(filter)) fail(key, "a topic filter");
  return filter;
}

std::uint64_t LineFields::decimal(std::string_view key) {
  const std::string* text = find_text(key, true);
  if (text == nullptr) return 0;
  std::uint64_t number = 0;
  std::from_chars(text->data(), text->data() + text->size(), number);
  if (number == 0 || std::to_string(number) != *text)
    fail(key, "a number from 1 to 18446744073709551615, as text");
  return number;
}

std::string LineFields::bytes(std::string_view key) {
  const std::string encoded_key = std::string(key).append(kBase64);
  const Json* text = find(key);
  const Json* encoded = find(encoded_key);
  if (text != nullptr && encoded != nullptr) fail(key, "nothing beside " + encoded_key);
  if (text != nullptr) {
    if (text->is_string()) return text->get<std::string>();
    fail(key, "a text");
  }
  if (encoded == nullptr) return {};
  auto bytes = encoded->is_string() ? decode_base64(encoded->get_ref<const std::string&>())
                                    : std::optional<std::string>();
  if (!bytes) fail(encoded_key, "base64 with padding");
  return std::move(bytes).value_or(std::string());
}

std::string LineFields::properties() {
  if (const Json* object = find("properties"); object != nullptr) {
    auto forwarded = encode_forwarded(*object);
    if (!forwarded)
      fail("properties",
           "an object with some of payload_format (0 or 1), content_type, response_topic, "
           "correlation_base64 and user (a list of pairs of texts)");
    return std::move(forwarded).value_or(std::string());
  }
  const std::string encoded = bytes("properties");
  const auto properties = decode_forwarded(encoded);
  if (!properties) fail("properties_base64", "properties of a PUBLISH");
  return properties ? forwarded_properties(*properties) : std::string();
}

void put_time(Json& object, std::string_view key, Instant at) {
  if (!at.is_never() && at.ms >= 0) object[std::string(key)] = at.ms;
}

void put_bytes(Json& object, std::string_view key, std::string_view bytes) {
  if (is_mqtt_utf8(bytes)) {
    object[std::string(key)] = bytes;
  } else {
    object[std::string(key).append(kBase64)] = encode_base64(bytes);
  }
}

// The object cannot say that a user property stood between others. What does not come back the same
// from it goes as bytes.
void put_properties(Json& object, std::string_view forwarded) {
  if (forwarded.empty()) return;
  if (const auto properties = decode_forwarded(forwarded)) {
    Json readable = properties_json(*properties);
    if (encode_forwarded(readable) == forwarded) {
      object["properties"] = std::move(readable);
      return;
    }
  }
  object["properties_base64"] = encode_base64(forwarded);
}

}  // namespace tandemq
