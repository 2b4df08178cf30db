#include "base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace tandemq {
namespace {

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// Length of the sequence at the front, 0 if it is not well-formed (Unicode table 3-7).
std::size_t sequence_size(ByteView text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t size = first < 0xC2   ? 0
                           : first < 0xE0 ? 2
                           : first < 0xF0 ? 3
                           : first < 0xF5 ? 4
                                          : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if (!continues(text[i])) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second >= 0xA0;
  const bool beyond = first == 0xF4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : size;
}

bool is_ascii_8(const char* bytes) {
  return (swar::word_at(bytes) & swar::kHigh) == 0;
}

}  // namespace

bool is_payload_utf8(ByteView payload) {
  while (!payload.empty()) {
    if (payload.size() >= 8 && is_ascii_8(payload.data())) {
      payload.remove_prefix(8);
      continue;
    }
    const std::size_t size = sequence_size(payload);
    if (size == 0) return false;
    payload.remove_prefix(size);
  }
  return true;
}

bool is_mqtt_utf8(ByteView text) {
  return (text.empty() || std::memchr(text.data(), 0, text.size()) == nullptr) &&
         is_payload_utf8(text);
}

}  // namespace tandemq
