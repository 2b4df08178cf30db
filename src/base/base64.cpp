#include "base/base64.hpp"

#include <cstddef>
#include <cstdint>

namespace tandemq {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::uint32_t byte_at(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
}

// Without padding.
std::string encode(std::string_view bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t three =
        byte_at(bytes, i) << 16U | byte_at(bytes, i + 1) << 8U | byte_at(bytes, i + 2);
    for (unsigned shift = 24; shift > 0;) {
      shift -= 6;
      out.push_back(alphabet[three >> shift & 0x3FU]);
    }
  }
  out.resize(out.size() - (3 - bytes.size() % 3) % 3);
  return out;
}

// Lenient: what is not canonical does not encode to the same text again.
std::optional<std::string> decode(std::string_view text, std::string_view alphabet) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::size_t digit = alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count & 0xFFU));
  }
  return out;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  return encode(bytes, kAlphabet).append((3 - bytes.size() % 3) % 3, '=');
}

std::optional<std::string> decode_base64(std::string_view text) {
  auto out = decode(text.substr(0, text.find('=')), kAlphabet);
  // Wrong lengths, misplaced padding and bits that padding leaves over all end up here.
  if (out && encode_base64(*out) != text) return std::nullopt;
  return out;
}

std::string encode_base64url(std::string_view bytes) {
  return encode(bytes, kUrlAlphabet);
}

std::optional<std::string> decode_base64url(std::string_view text) {
  auto out = decode(text, kUrlAlphabet);
  if (out && encode_base64url(*out) != text) return std::nullopt;
  return out;
}

}  // namespace tandemq
