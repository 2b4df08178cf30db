#include "config/psk_keys.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("a file of shared keys gives the bytes of each identity") {
  const auto keys = parse_psk_keys(
      "# made by hand\n"
      "sensor:00ffA1\n"
      "\n"
      "räume/1:0123456789abcdef0123456789ABCDEF\r\n"
      "last:01");
  REQUIRE(keys.has_value());
  const PskKeys expected = {{"sensor", std::string("\0\xFF\xA1", 3)},
                            {"räume/1",
                             "\x01\x23\x45\x67\x89\xAB\xCD\xEF\x01\x23\x45\x67\x89\xAB"
                             "\xCD\xEF"},
                            {"last", "\x01"}};
  CHECK(*keys == expected);
}

TEST_CASE("a bad line of a file of shared keys is named, with what is expected") {
  struct Row {
    std::string text;
    const char* why;
  };
  const Row rows[] = {
      {"", "it holds no line IDENTITY:KEY"},
      {"# nothing\n\n", "it holds no line IDENTITY:KEY"},
      {"sensor", "line 1: expected IDENTITY:KEY"},
      {"a:00\n:00\n", "line 2: expected IDENTITY:KEY"},
      {"a:\n", "line 1: the key of 'a': expected 2 to 128 hexadecimal digits"},
      {"a:0\n", "line 1: the key of 'a': expected 2 to 128 hexadecimal digits"},
      {"a:0g\n", "line 1: the key of 'a': expected 2 to 128 hexadecimal digits"},
      {"a:-1\n", "line 1: the key of 'a': expected 2 to 128 hexadecimal digits"},
      {"a:00 \n", "line 1: the key of 'a': expected 2 to 128 hexadecimal digits"},
      {"a:" + std::string(130, '0') + "\n", "line 1: the key of 'a'"},
      {"\xFF:00\n", "line 1: an identity is a text in UTF-8"},
      {std::string(129, 'a') + ":00\n", "line 1: an identity is a text in UTF-8"},
      {"a:00\nb:00\na:11\n", "line 3: 'a' stands twice"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto keys = parse_psk_keys(row.text);
    REQUIRE_FALSE(keys.has_value());
    CHECK(keys.error().text.find(row.why) == 0);
  }
  CHECK(parse_psk_keys("a:" + std::string(128, '0') + "\n").has_value());
  CHECK(parse_psk_keys(std::string(128, 'a') + ":00\n").has_value());
}

}  // namespace tandemq
