// UTF-8 as MQTT defines it: well-formed, no surrogates, no U+0000 [MQTT-1.5.4-1, -2].
#pragma once

#include "base/wire.hpp"

#include <cstdint>
#include <cstring>

namespace tandemq {

bool is_mqtt_utf8(ByteView text);        // A UTF-8 Encoded String.
bool is_payload_utf8(ByteView payload);  // Payload Format Indicator 1: U+0000 is allowed too.

// Nothing but ASCII, and of it neither U+0000 nor a wildcard: a topic as most of them are, for
// which no other check is needed. Eight bytes at a time.
bool is_plain_topic(ByteView text);

namespace swar {

inline constexpr std::uint64_t kEach = 0x0101010101010101U;
inline constexpr std::uint64_t kHigh = 0x8080808080808080U;

// The high bit of each byte that is 0; perhaps of others above one that is.
constexpr std::uint64_t zeros(std::uint64_t word) {
  return (word - kEach) & ~word & kHigh;
}

constexpr std::uint64_t not_plain(std::uint64_t word) {
  return (word & kHigh) | zeros(word) | zeros(word ^ (kEach * '+')) | zeros(word ^ (kEach * '#'));
}

inline std::uint64_t word_at(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

}  // namespace swar

inline bool is_plain_topic(ByteView text) {
  if (text.size() < 8) {
    for (const char byte : text)
      if (static_cast<signed char>(byte) <= 0 || byte == '+' || byte == '#') return false;
    return true;
  }
  std::uint64_t found = swar::not_plain(swar::word_at(text.data() + text.size() - 8));
  for (std::size_t at = 0; at + 8 < text.size(); at += 8)
    found |= swar::not_plain(swar::word_at(text.data() + at));
  return found == 0;
}

}  // namespace tandemq
