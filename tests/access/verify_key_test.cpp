#include "access/verify_key.hpp"

#include "base/base64.hpp"
#include "tests/access/signer.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

std::string bytes_from(std::string_view base64url) {
  return decode_base64url(base64url).value();
}

VerifyKey only_key(const std::string& pem) {
  auto keys = VerifyKey::from_pem(pem);
  REQUIRE_MESSAGE(keys.has_value(), keys.error().text);
  REQUIRE(keys->size() == 1);
  return std::move(keys->front());
}

}  // namespace

TEST_CASE("a key verifies what its other half has signed, and nothing else") {
  const std::vector<std::pair<SignatureAlgorithm, Signer>> signers = [] {
    std::vector<std::pair<SignatureAlgorithm, Signer>> all;
    all.emplace_back(SignatureAlgorithm::rs256, Signer::rsa());
    all.emplace_back(SignatureAlgorithm::es256, Signer::curve("P-256"));
    all.emplace_back(SignatureAlgorithm::eddsa, Signer::ed25519());
    return all;
  }();
  for (const auto& pair : signers) {
    const SignatureAlgorithm algorithm = pair.first;
    const Signer& signer = pair.second;
    CAPTURE(name(algorithm));
    const VerifyKey key = only_key(signer.public_pem());
    CHECK(key.algorithm() == algorithm);
    const std::string signature = signer.sign("message");
    CHECK(key.verify("message", signature));
    CHECK_FALSE(key.verify("messagE", signature));
    CHECK_FALSE(key.verify("", signature));
    CHECK_FALSE(key.verify("message", ""));
    CHECK_FALSE(key.verify("message", signature + "x"));
    CHECK_FALSE(key.verify("message", signature.substr(1)));
    CHECK_FALSE(key.verify("message", std::string(signature.size(), '\0')));
    for (const auto& [other, other_signer] : signers)
      if (other != algorithm) CHECK_FALSE(key.verify("message", other_signer.sign("message")));
    CHECK(key.verify("message", signer.sign("message")));
  }
}

TEST_CASE("a secret verifies its HMAC, and has 32 bytes at least") {
  const auto key = VerifyKey::from_secret(std::string(32, 's'));
  REQUIRE(key);
  const std::string token = secret_token(std::string(32, 's'), "{}", "{}");
  const std::size_t dot = token.rfind('.');
  CHECK(key->verify(token.substr(0, dot), bytes_from(token.substr(dot + 1))));
  CHECK_FALSE(key->verify(token.substr(0, dot), ""));
  CHECK_FALSE(key->verify("x", bytes_from(token.substr(dot + 1))));
  CHECK_FALSE(VerifyKey::from_secret(std::string(31, 's')));
}

TEST_CASE("keys that are weak, of another kind or no public keys are refused") {
  CHECK(VerifyKey::from_pem(Signer::rsa(1'024).public_pem()).error().text.find("2048 bits") !=
        std::string::npos);
  CHECK(VerifyKey::from_pem(Signer::curve("P-384").public_pem())
            .error()
            .text.find("neither of RSA, nor of P-256") != std::string::npos);
  const Signer ed25519 = Signer::ed25519();
  CHECK(VerifyKey::from_pem(ed25519.private_pem()).error().text.find("openssl pkey -pubout") !=
        std::string::npos);
  const auto second =
      VerifyKey::from_pem(ed25519.public_pem() + "-----BEGIN PUBLIC KEY-----\nAAAA");
  REQUIRE_FALSE(second);
  CHECK(second.error().text.starts_with("PEM block 2: "));
  CHECK(VerifyKey::from_pem(ed25519.public_pem() + "\n" + ed25519.public_pem())->size() == 2);
}

TEST_CASE("numbers that make no key are refused") {
  const std::string one(32, '\x01');
  CHECK_FALSE(VerifyKey::from_p256(one, one));  // Not on the curve.
  CHECK_FALSE(VerifyKey::from_p256(one, one.substr(1)));
  CHECK_FALSE(VerifyKey::from_p256("", ""));
  CHECK_FALSE(VerifyKey::from_ed25519(one.substr(1)));
  CHECK_FALSE(VerifyKey::from_rsa("\x01", "\x01"));
  CHECK_FALSE(VerifyKey::from_rsa(std::string(256, '\xFE'), "\x01\x00\x01"));  // Even.
  CHECK_FALSE(VerifyKey::from_rsa(std::string(), std::string()));
}

TEST_CASE("a public key without its PEM lines is recognised, with padding and without") {
  std::string pem = Signer::ed25519().public_pem();
  const std::size_t begin = pem.find('\n') + 1;
  std::string bare = pem.substr(begin, pem.find('\n', begin) - begin);
  CHECK(is_bare_public_key(bare));
  while (bare.ends_with('=')) bare.pop_back();
  CHECK(is_bare_public_key(bare));
  CHECK_FALSE(is_bare_public_key(""));
  CHECK_FALSE(is_bare_public_key("a secret of more than thirty-two bytes"));
  CHECK_FALSE(is_bare_public_key("c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"));
}

TEST_CASE("the Ed25519 signature of RFC 8037 appendix A.4 is right") {
  const auto key =
      VerifyKey::from_ed25519(bytes_from("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
  REQUIRE(key);
  const std::string signature = bytes_from(
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  const std::string message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  CHECK(key->verify(message, signature));
  CHECK_FALSE(key->verify(message + "x", signature));
}

TEST_CASE("algorithms have the names of RFC 7518 and no others") {
  for (const char* text : {"HS256", "RS256", "ES256", "EdDSA"})
    CHECK(name(signature_algorithm(text).value()) == text);
  for (const char* text : {"none", "None", "hs256", "RS512", "PS256", "ES384", ""})
    CHECK_FALSE(signature_algorithm(text));
}
