#include "access/strict_json.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("a JSON object is read, and its texts are found") {
  const auto object = parse_strict_object(R"({"a":"x","b":1,"c":{"a":["d"]}})");
  REQUIRE(object);
  REQUIRE(text_member(*object, "a") != nullptr);
  CHECK(*text_member(*object, "a") == "x");
  CHECK(text_member(*object, "b") == nullptr);
  CHECK(text_member(*object, "z") == nullptr);
}

TEST_CASE("what two readers could take for different things is refused") {
  const std::string deep = std::string(5'000, '[') + std::string(5'000, ']');
  const std::string many = "{\"a\":" + deep + "}";
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("\"a\""), std::string("1"),
        std::string("null"), std::string("{"), std::string("{}x"), std::string("{} {}"),
        std::string(R"({"a":1,"a":1})"), std::string(R"({"a":1,"\u0061":2})"),
        std::string(R"({"b":{"a":1,"a":2}})"), std::string(R"({"b":[{"a":1,"a":2}]})"),
        std::string("{\"a\":\"\xFF\"}"), std::string(R"({"a":1e999})"), std::string("{/**/}"),
        std::string("{\"a\":NaN}"), deep, many}) {
    INFO(text.substr(0, 40));
    CHECK_FALSE(parse_strict_object(text).has_value());
  }
  CHECK(parse_strict_object(R"({"a":{"a":1},"b":{"a":1}})"));
}
