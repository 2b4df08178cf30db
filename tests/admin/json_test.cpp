#include "admin/json.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("text that is not JSON is an error and not an exception") {
  CHECK(parse_json("{\"a\":1}").has_value());
  for (const char* text : {"", "{", "{\"a\":}", "\xff", "nothing"}) {
    INFO(text);
    CHECK_FALSE(parse_json(text).has_value());
  }
}

TEST_CASE("text that is not UTF-8 is written with replacements") {
  CHECK(json_text(Json{{"a", "x\xffy"}}) == "{\"a\":\"x\xEF\xBF\xBDy\"}");
}

TEST_CASE("a payload goes as text if it is text, and as base64 if not, and comes back") {
  for (const std::string& bytes :
       {std::string(), std::string("text"), std::string("\0x", 2), std::string("\xff\xfe")}) {
    Json object = Json::object();
    put_payload(object, "payload", bytes);
    CHECK(object.contains("payload_base64") == (bytes == "\xff\xfe"));
    CHECK(take_payload(*parse_json(json_text(object)), "payload").value() == bytes);
  }
  CHECK(take_payload(Json::object(), "payload").value().empty());
  CHECK_FALSE(take_payload(Json{{"payload_base64", "?"}}, "payload").has_value());
}
