// Base64 with padding (RFC 4648 section 4): bytes in text. One form only: what is decoded encodes
// to the same text again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tandemq {

std::string encode_base64(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);  // Nothing unless canonical.

}  // namespace tandemq
