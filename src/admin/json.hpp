// JSON as the admin socket speaks it: the library's type under a name of ours, with the keys of an
// object in the order in which they were put in. Text that is not UTF-8 never throws: what cannot
// be said is replaced.
// Owner: none, plain values.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace tandemq {

using Json = nlohmann::ordered_json;

Result<Json> parse_json(std::string_view text);
std::string json_text(const Json& value);  // On one line.

// A member of an object; if it is not there: empty.
std::string text_of(const Json& object, const char* name);
Json part_of(const Json& object, const char* name);

// A payload is text where it can be, under `key`, and base64 where it cannot, under `key`_base64.
void put_payload(Json& object, std::string_view key, std::string_view bytes);
// Empty if there is neither.
Result<std::string> take_payload(const Json& object, std::string_view key);

}  // namespace tandemq
