#include "access/jwks.hpp"

#include "base/base64.hpp"
#include "tests/access/signer.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

constexpr std::string_view kSecret = "a secret of more than thirty-two bytes";

std::string secret_jwk(std::string_view more = {}, std::string_view secret = kSecret) {
  return "{" + std::string(more) + R"("kty":"oct","k":")" + encode_base64url(secret) + "\"}";
}

std::string error_of(const std::string& text) {
  const auto keys = parse_jwt_keys(text);
  REQUIRE_FALSE(keys.has_value());
  return keys.error().text;
}

}  // namespace

TEST_CASE("the content of a file of keys says what it is") {
  const Signer rsa = Signer::rsa();
  const Signer p256 = Signer::curve("P-256");
  const Signer ed25519 = Signer::ed25519();
  const auto secret = parse_jwt_keys(std::string(kSecret) + "\r\n");
  REQUIRE(secret);
  CHECK(secret->front().key.algorithm() == SignatureAlgorithm::hs256);
  CHECK(secret->front().key.verify(
      "e30.e30", decode_base64url(secret_token(kSecret, "{}", "{}").substr(8)).value()));

  const auto pem = parse_jwt_keys("# of the issuer\n" + rsa.public_pem() + p256.public_pem());
  REQUIRE(pem);
  REQUIRE(pem->size() == 2);
  CHECK(pem->front().id.empty());
  CHECK(pem->back().key.verify("m", p256.sign("m")));

  const auto set = parse_jwt_keys("\n {\"keys\":[" + rsa.jwk(R"("kid":"r","use":"sig",)") + "," +
                                  p256.jwk(R"("kid":"p","alg":"ES256",)") + "," +
                                  ed25519.jwk(R"("key_ops":["verify"],)") + "," +
                                  secret_jwk(R"("kid":"s",)") + "]}");
  REQUIRE_MESSAGE(set.has_value(), set.error().text);
  REQUIRE(set->size() == 4);
  CHECK(set->at(0).id == "r");
  CHECK(set->at(0).key.verify("m", rsa.sign("m")));
  CHECK(set->at(1).id == "p");
  CHECK(set->at(1).key.verify("m", p256.sign("m")));
  CHECK(set->at(2).id.empty());
  CHECK(set->at(2).key.verify("m", ed25519.sign("m")));
  CHECK(set->at(3).key.algorithm() == SignatureAlgorithm::hs256);

  const auto alone = parse_jwt_keys(ed25519.jwk(R"("kid":"e",)"));
  REQUIRE(alone);
  CHECK(alone->front().id == "e");
}

TEST_CASE("keys of a JWK Set that are for something else are left out") {
  const Signer ed25519 = Signer::ed25519();
  const std::vector<std::string> others = {
      ed25519.jwk(R"("use":"enc",)"),
      ed25519.jwk(R"("alg":"ES256",)"),
      ed25519.jwk(R"("key_ops":["sign"],)"),
      secret_jwk(R"("alg":"HS512",)"),
      R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"})",
      R"({"kty":"OKP","crv":"X25519","x":"AA"})",
      R"({"kty":"new"})",
      "{}",
  };
  for (const std::string& other : others) {
    INFO(other);
    const auto keys = parse_jwt_keys("{\"keys\":[" + other + "," + ed25519.jwk() + "]}");
    REQUIRE(keys);
    CHECK(keys->size() == 1);
    CHECK(error_of("{\"keys\":[" + other + "]}").starts_with("it holds no key"));
  }
}

TEST_CASE("a key that is ours and is not sound names its place, never its value") {
  const std::vector<std::string> wrong = {
      secret_jwk({}, "short"),
      secret_jwk(R"("kid":7,)"),
      R"({"kty":"oct"})",
      R"({"kty":"oct","k":"c2hvcnQ="})",
      R"({"kty":"RSA","n":"AQAB","e":"AQAB"})",
      R"({"kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB"})",
      R"({"kty":"OKP","crv":"Ed25519","x":7})",
      "[]",
  };
  for (const std::string& jwk : wrong) {
    INFO(jwk);
    const std::string error = error_of("{\"keys\":[" + Signer::ed25519().jwk() + "," + jwk + "]}");
    CHECK(error.starts_with("key 2 of the JWK Set: "));
    CHECK(error.find("c2hvcnQ") == std::string::npos);
  }
}

TEST_CASE("a file that is no file of keys says so") {
  CHECK(error_of("").find("32 bytes") != std::string::npos);
  CHECK(error_of("too short").find("32 bytes") != std::string::npos);
  CHECK(error_of("first line of something\nsecond line of something").find("one line") !=
        std::string::npos);
  CHECK(error_of(std::string("\x30\x59\x00", 3) + std::string(80, 'x')).find("one line") !=
        std::string::npos);
  CHECK(error_of("{\"keys\":{}}").find("not an array") != std::string::npos);
  CHECK(error_of("{\"keys\":[],\"keys\":[]}").find("twice") != std::string::npos);
  CHECK(error_of("{\"keys\":").find("not JSON") != std::string::npos);
  CHECK(error_of("{\"keys\":[]}").starts_with("it holds no key"));
  CHECK(error_of(Signer::ed25519().private_pem()).starts_with("PEM block 1: "));
  const std::string pem = Signer::ed25519().public_pem();
  const std::size_t begin = pem.find('\n') + 1;
  CHECK(error_of(pem.substr(begin, pem.find('\n', begin) - begin)).find("everybody knows") !=
        std::string::npos);
  std::string many = "{\"keys\":[" + secret_jwk();
  for (std::size_t i = 0; i < kJwtKeysMax; ++i) many += "," + secret_jwk();
  CHECK(error_of(many + "]}").find("allowed are 64") != std::string::npos);
}
