#include "base/base64.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("base64 comes back as it went") {
  CHECK(encode_base64("") == "");
  CHECK(encode_base64("fooba") == "Zm9vYmE=");
  for (const std::string& bytes : {std::string(), std::string("f"), std::string("fo"),
                                   std::string("foo"), std::string("\0\xFF\x10", 3)})
    CHECK(decode_base64(encode_base64(bytes)) == bytes);
}

TEST_CASE("base64 that is not canonical is refused") {
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zh==", "Zg==Zg==", "Zm 9",
                           " Zm9vYg==", "Zm9v\n", "Zm9-", "Z=9v"}) {
    INFO(text);
    CHECK_FALSE(decode_base64(text).has_value());
  }
}

TEST_CASE("base64url has two letters of its own and no padding") {
  CHECK(encode_base64url("\xFB\xFF") == "-_8");
  CHECK(decode_base64url("-_8") == "\xFB\xFF");
  for (const std::string& bytes : {std::string(), std::string("f"), std::string("fo"),
                                   std::string("foo"), std::string("\0\xFF\x10", 3)})
    CHECK(decode_base64url(encode_base64url(bytes)) == bytes);
  for (const char* text : {"Z", "Zg==", "Zh", "+/8", "-_9", "Zm9v.", "Zm9vY"}) {
    INFO(text);
    CHECK_FALSE(decode_base64url(text).has_value());
  }
}
