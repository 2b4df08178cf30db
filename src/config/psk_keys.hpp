// psk_keys: the keys that a listener shares with its clients, one a line as in Mosquitto's
// psk_file: IDENTITY:KEY, the key in hexadecimal digits. Empty lines and those that begin with #
// are none. Pure text.
#pragma once

#include "base/result.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace tandemq {

// RFC 9257 section 6: a shorter key can be tried out.
inline constexpr std::size_t kPskSizeGood = 16;
inline constexpr std::size_t kPskSizeMax = 64;

using PskKeys = std::map<std::string, std::string, std::less<>>;  // Bytes by identity.

// The error names the line.
Result<PskKeys> parse_psk_keys(std::string_view text);

}  // namespace tandemq
