// Base64: bytes in text, with padding (RFC 4648 section 4), or as base64url of RFC 7515 without it.
// One form only: what is decoded encodes to the same text again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tandemq {

std::string encode_base64(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);  // Nothing unless canonical.
std::string encode_base64url(std::string_view bytes);
std::optional<std::string> decode_base64url(std::string_view text);  // The same.

}  // namespace tandemq
