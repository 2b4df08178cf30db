#include "base/utf8.hpp"

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

// Any number up to 21 bits in the form of its size, well-formed or not.
std::string encoded(std::uint32_t point, int size) {
  const auto tail = [&](unsigned shift) {
    return static_cast<char>(0x80U | ((point >> shift) & 0x3FU));
  };
  switch (size) {
    case 1:
      return {static_cast<char>(point)};
    case 2:
      return {static_cast<char>(0xC0U | (point >> 6U)), tail(0)};
    case 3:
      return {static_cast<char>(0xE0U | (point >> 12U)), tail(6), tail(0)};
    default:
      return {static_cast<char>(0xF0U | (point >> 18U)), tail(12), tail(6), tail(0)};
  }
}

int size_of(std::uint32_t point) {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

bool is_surrogate(std::uint32_t point) {
  return point >= 0xD800 && point <= 0xDFFF;
}

}  // namespace

TEST_CASE("[MQTT-1.5.4-1] every code point is taken in its shortest form, surrogates in none") {
  for (std::uint32_t point = 1; point <= 0x10FFFF; ++point) {
    const bool good = is_mqtt_utf8(encoded(point, size_of(point)));
    if (good == is_surrogate(point)) FAIL_CHECK("code point " << point);
  }
}

TEST_CASE("[MQTT-1.5.4-1] no code point is taken in a longer form, and none beyond U+10FFFF") {
  for (std::uint32_t point = 0; point < 0x10000; ++point) {
    for (int size = size_of(point) + 1; size <= 4; ++size)
      if (is_mqtt_utf8(encoded(point, size))) FAIL_CHECK("code point " << point << " in " << size);
  }
  for (std::uint32_t point = 0x110000; point < 0x200000; point += 0x3FF)
    if (is_mqtt_utf8(encoded(point, 4))) FAIL_CHECK("code point " << point);
}

TEST_CASE("[MQTT-1.5.4-1] a sequence that is cut, or has no first byte, is refused") {
  for (const char* text : {"\x80", "\xBF", "\xC3", "\xC3(", "\xE2\x82", "\xE2(\xAC", "\xF0\x9F\x98",
                           "\xF0\x9F\x98(", "\xF5\x80\x80\x80", "\xFE", "\xFF", "a\xC3"}) {
    CAPTURE(text);
    CHECK_FALSE(is_mqtt_utf8(text));
    CHECK_FALSE(is_payload_utf8(text));
  }
}

TEST_CASE("[MQTT-1.5.4-2] a string holds no U+0000, a payload may") {
  const std::string zero("abc\0def", 7);
  CHECK_FALSE(is_mqtt_utf8(zero));
  CHECK(is_payload_utf8(zero));
  CHECK_FALSE(is_mqtt_utf8(std::string(1, '\0')));
  CHECK_FALSE(is_mqtt_utf8(std::string("abcdefgh") + '\0'));
}

TEST_CASE("[MQTT-1.5.4-3] U+FEFF is a character like any other") {
  CHECK(is_mqtt_utf8("\xEF\xBB\xBF"));
  CHECK(is_mqtt_utf8("a\xEF\xBB\xBF/b"));
}

TEST_CASE("an empty string is well-formed") {
  CHECK(is_mqtt_utf8(""));
  CHECK(is_mqtt_utf8(ByteView()));
  CHECK(is_payload_utf8(""));
}

TEST_CASE("a bad byte is found at every distance from the words that are read at once") {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      CHECK(is_mqtt_utf8(text));
      text[at] = '\xC0';
      CHECK_FALSE(is_mqtt_utf8(text));
      CHECK_FALSE(is_payload_utf8(text));
    }
  }
}

TEST_CASE("a plain topic is ASCII without wildcards, wherever what is not stands") {
  CHECK(is_plain_topic(""));
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, '/');
      for (const char byte : ByteView("\x01 \"$*,~\x7F")) {
        text[at] = byte;
        CHECK(is_plain_topic(text));
      }
      for (const char byte : ByteView("\0+#\x80\xA3\xAB\xFF", 7)) {
        text[at] = byte;
        CHECK_FALSE(is_plain_topic(text));
      }
    }
  }
}

}  // namespace tandemq
