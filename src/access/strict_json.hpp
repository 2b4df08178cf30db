// Strict JSON: objects from strangers, of which no two readers may think differently. A name that
// an object has twice is refused, and so is what is nested deeper than anybody needs.
#pragma once

#include "base/result.hpp"

#include <string_view>

#include <nlohmann/json.hpp>

namespace tandemq {

// The error says what is wrong and never quotes the text, which may be a secret.
Result<nlohmann::json> parse_strict_object(std::string_view text);

// A member that is a text; null if it is not there or is something else.
const std::string* text_member(const nlohmann::json& object, const char* name);

}  // namespace tandemq
