#include "node/access_loader.hpp"

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("without files everybody may do everything where anonymous clients may connect") {
  AuthConfig config;
  config.anonymous = "true";
  const auto access = load_access(config);
  REQUIRE(access.has_value());
  CHECK((*access)->decide_login({"c", {}, {}, false}).kind == Login::Kind::granted);
  CHECK((*access)->may_publish({"c", ""}, "t"));
}

TEST_CASE("a file that cannot be read is an error that names its key and path") {
  AuthConfig config;
  config.acl_file = "no/such/file.acl";
  const auto access = load_access(config);
  REQUIRE_FALSE(access.has_value());
  CHECK(access.error().text.find("auth.acl_file") != std::string::npos);
  CHECK(access.error().text.find("no/such/file.acl") != std::string::npos);
}

TEST_CASE("a file of keys that holds none is an error that names its key and path") {
  AuthConfig config;
  config.jwt_keys = "/dev/null";
  const auto access = load_access(config);
  REQUIRE_FALSE(access.has_value());
  CHECK(access.error().text.starts_with("auth.jwt_keys = /dev/null: a secret of HS256 has 32"));
}

}  // namespace tandemq
