#include "topic/subscription.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("[MQTT-3.8.3-5] options with a reserved bit are refused") {
  CHECK_FALSE(decode_options(0x40));
  CHECK_FALSE(decode_options(0x80));
  CHECK_FALSE(decode_options(0xC1));
}

TEST_CASE("options with QoS 3 or Retain Handling 3 are refused") {
  CHECK_FALSE(decode_options(0x03));
  CHECK_FALSE(decode_options(0x30));
}

TEST_CASE("options come back from their byte as they went in") {
  int valid = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto options = decode_options(static_cast<std::uint8_t>(byte));
    if (!options) continue;
    ++valid;
    CHECK(encode_options(*options) == byte);
  }
  CHECK(valid == 3 * 2 * 2 * 3);
}

TEST_CASE("each option has the bits that the standard gives it") {
  CHECK(encode_options({2, false, false, RetainHandling::send}) == 0x02);
  CHECK(encode_options({0, true, false, RetainHandling::send}) == 0x04);
  CHECK(encode_options({0, false, true, RetainHandling::send}) == 0x08);
  CHECK(encode_options({0, false, false, RetainHandling::send_if_new}) == 0x10);
  CHECK(encode_options({1, true, true, RetainHandling::do_not_send}) == 0x2D);
}
