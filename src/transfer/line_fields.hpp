// LineFields: takes the keys of one JSON object and remembers the first thing that is wrong, so
// that a parser takes all it knows and asks once, as with base/wire's Reader. After the first error
// all it returns is empty. Borrows the object. And the properties of a message, which travel as one
// JSON object, both ways.
#pragma once

#include "admin/json.hpp"
#include "base/time.hpp"
#include "mqtt/packet.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

class LineFields {
 public:
  explicit LineFields(const Json& object);

  // With a fallback the key may be absent.
  std::uint64_t number(std::string_view key, std::uint64_t min, std::uint64_t max,
                       std::optional<std::uint64_t> fallback = std::nullopt);
  std::vector<std::uint32_t> numbers(std::string_view key, std::uint32_t max);  // From 1; or none.
  bool flag(std::string_view key);                                              // False if absent.
  Instant time(std::string_view key);                                           // Never if absent.
  mqtt::QoS qos();
  std::string text(std::string_view key);       // MQTT UTF-8 of 1 to 65,535 bytes.
  std::string name(std::string_view key);       // The same, or empty or absent.
  std::string topic(std::string_view key);      // A topic name.
  std::string filter(std::string_view key);     // A topic filter, a shared one too.
  std::uint64_t decimal(std::string_view key);  // A number as text, from 1; 0 if absent.
  // Text under `key`, or bytes under `key`_base64; empty if there is neither.
  std::string bytes(std::string_view key);
  std::string properties();  // Message::forwarded

  void fail(std::string_view key, std::string_view expected);
  // The first error, or that a key is left that nobody has taken.
  Result<void> end();

 private:
  const Json* find(std::string_view key);  // Null if absent, or after an error.
  const std::string* find_text(std::string_view key, bool is_optional);

  const Json& object_;
  std::vector<std::string> taken_;
  std::string error_;
};

// With any number of levels: how many are allowed is a setting of the broker that imports. A filter
// may be a shared one.
bool is_any_topic(std::string_view topic);
bool is_any_filter(std::string_view filter);

void put_time(Json& object, std::string_view key, Instant at);
void put_bytes(Json& object, std::string_view key, std::string_view bytes);
// Nothing if the message has none.
void put_properties(Json& object, std::string_view forwarded);

}  // namespace tandemq
