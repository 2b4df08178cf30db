#include "admin/json.hpp"

#include "base/base64.hpp"
#include "base/utf8.hpp"

namespace tandemq {

Result<Json> parse_json(std::string_view text) {
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) return failure("The text is not JSON.");
  return value;
}

std::string json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_of(const Json& object, const char* name) {
  return object.value(name, std::string());
}

Json part_of(const Json& object, const char* name) {
  return object.value(name, Json::object());
}

void put_payload(Json& object, std::string_view key, std::string_view bytes) {
  if (is_payload_utf8(bytes)) {
    object[std::string(key)] = bytes;
  } else {
    object[std::string(key) + "_base64"] = encode_base64(bytes);
  }
}

Result<std::string> take_payload(const Json& object, std::string_view key) {
  const auto text = object.find(std::string(key));
  if (text != object.end()) return text->get<std::string>();
  const auto encoded = object.find(std::string(key) + "_base64");
  if (encoded == object.end()) return std::string();
  auto bytes = decode_base64(encoded->get_ref<const std::string&>());
  if (!bytes) return failure(std::string(key) + "_base64 is not canonical base64.");
  return std::move(*bytes);
}

}  // namespace tandemq
