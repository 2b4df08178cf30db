#include "access/role_list.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using Json = nlohmann::json;

TEST_CASE("a list of roles is an array of names or one name, each once") {
  CHECK(parse_role_list(Json{"a", "b", "a"}).value() == std::vector<std::string>{"a", "b"});
  CHECK(parse_role_list(Json("one")).value() == std::vector<std::string>{"one"});
  CHECK(parse_role_list(Json::array()).value().empty());
}

TEST_CASE("what is no list of roles is refused, and so are too many or too long names") {
  for (const Json& wrong : {Json(nullptr), Json(7), Json(true), Json::object(), Json::array({1}),
                            Json::array({""}), Json(""), Json::array({Json::array()}),
                            Json(std::string(kRoleNameSizeMax + 1, 'x')), Json("\xFF")})
    CHECK_FALSE(parse_role_list(wrong));
  Json many = Json::array();
  for (std::size_t i = 0; i < kRolesMax; ++i) many.push_back("r" + std::to_string(i));
  CHECK(parse_role_list(many).value().size() == kRolesMax);
  many.push_back("one more");
  CHECK_FALSE(parse_role_list(many));
}
