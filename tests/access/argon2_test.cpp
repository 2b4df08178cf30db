#include "access/argon2.hpp"

#include "base/base64.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("Argon2id of the reference implementation's tests") {
  CHECK(encode_base64(argon2id("password", "somesalt", {256, 2, 1}, 32)) ==
        "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=");
  CHECK(argon2id("password", "somesalt", {256, 2, 2}, 16).size() == 16);
  CHECK(argon2id("passwords", "somesalt", {256, 2, 1}, 32) !=
        argon2id("password", "somesalt", {256, 2, 1}, 32));
}

TEST_CASE("a cost is read as it is written, within its bounds") {
  const auto cost = parse_argon2_cost(text_of({65'536, 3, 4}));
  REQUIRE(cost.has_value());
  CHECK(cost->memory_kib == 65'536);
  CHECK(cost->passes == 3);
  CHECK(cost->lanes == 4);
  CHECK(parse_argon2_cost(text_of(kArgon2Max)).has_value());
  CHECK(parse_argon2_cost("m=16,t=1,p=2").has_value());
  for (const char* bad : {"m=7,t=2,p=1", "m=15,t=1,p=2", "m=262145,t=2,p=1", "m=256,t=0,p=1",
                          "m=256,t=51,p=1", "m=256,t=2,p=17", "m=256,t=2", "m=256,t=2,p=1,",
                          "t=2,m=256,p=1", "m=256,t=2,p=1 ", "m=+256,t=2,p=1", "m=0256,t=2,p=1",
                          "m=4294967296,t=2,p=1", "m=,t=2,p=1", "m256,t=2,p=1", ""}) {
    INFO(bad);
    const auto read = parse_argon2_cost(bad);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().text.find("allowed is m=8*p to 262144,t=1 to 50,p=1 to 16") !=
          std::string::npos);
  }
}
