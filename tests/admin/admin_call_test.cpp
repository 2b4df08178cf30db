#include "admin/admin_call.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("contents of messages leave their size behind, all else stays as it is") {
  const Json arguments{{"topic", "t"},
                       {"payload", "secret"},
                       {"payload_base64", "c2VjcmV0"},
                       {"lines", Json::array({"a", "b"})},
                       {"qos", 1}};
  CHECK(json_text(arguments_for_audit(arguments)) ==
        R"({"topic":"t","qos":1,"payload_size":6,"payload_base64_size":8,"lines_size":2})");
  CHECK(json_text(arguments_for_audit(Json::object())) == "{}");
}
