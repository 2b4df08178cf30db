#include "config/psk_keys.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace tandemq {
namespace {

constexpr std::size_t kIdentitySizeMax = 128;  // Clients need no more (RFC 4279 section 5.3).

std::optional<std::string> bytes_of(std::string_view digits) {
  std::string bytes;
  if (digits.empty() || digits.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    unsigned char byte = 0;
    const char* const begin = digits.data() + i;
    if (std::from_chars(begin, begin + 2, byte, 16).ptr != begin + 2) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

Result<void> take_line(std::string_view line, PskKeys& keys) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return failure("expected IDENTITY:KEY");
  const std::string_view identity = line.substr(0, colon);
  if (!is_mqtt_utf8(identity) || identity.size() > kIdentitySizeMax)
    return failure("an identity is a text in UTF-8 of at most " + std::to_string(kIdentitySizeMax) +
                   " bytes");
  auto key = bytes_of(line.substr(colon + 1));
  if (!key || key->size() > kPskSizeMax)
    return failure("the key of '" + std::string(identity) + "': expected 2 to " +
                   std::to_string(2 * kPskSizeMax) +
                   " hexadecimal digits, an even number; 'openssl rand -hex 32' makes one");
  if (keys.emplace(identity, std::move(*key)).second) return {};
  return failure("'" + std::string(identity) + "' stands twice");
}

}  // namespace

Result<PskKeys> parse_psk_keys(std::string_view text) {
  PskKeys keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    if (auto taken = take_line(line, keys); !taken)
      return failure("line " + std::to_string(number) + ": " + taken.error().text);
  }
  if (keys.empty()) return failure("it holds no line IDENTITY:KEY");
  return keys;
}

}  // namespace tandemq
