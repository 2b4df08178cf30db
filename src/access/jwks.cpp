#include "access/jwks.hpp"

#include "access/lines.hpp"
#include "access/strict_json.hpp"
#include "base/base64.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace tandemq {
namespace {

using Json = nlohmann::json;

// The bytes of a member in base64url.
Result<std::string> bytes_member(const Json& jwk, const char* name) {
  const std::string* text = text_member(jwk, name);
  auto bytes = text == nullptr ? std::nullopt : decode_base64url(*text);
  if (!bytes || bytes->empty()) return failure(std::string(name) + " is missing or not base64url");
  return *std::move(bytes);
}

bool is_text(const Json& jwk, const char* name, std::string_view wanted) {
  const std::string* text = text_member(jwk, name);
  return text != nullptr && *text == wanted;
}

// The algorithm that its type and curve mean; nothing: it is of no use here.
std::optional<SignatureAlgorithm> algorithm_of(const Json& jwk) {
  if (is_text(jwk, "kty", "oct")) return SignatureAlgorithm::hs256;
  if (is_text(jwk, "kty", "RSA")) return SignatureAlgorithm::rs256;
  if (is_text(jwk, "kty", "EC") && is_text(jwk, "crv", "P-256")) return SignatureAlgorithm::es256;
  if (is_text(jwk, "kty", "OKP") && is_text(jwk, "crv", "Ed25519"))
    return SignatureAlgorithm::eddsa;
  return std::nullopt;
}

// What its use, key_ops and alg say; each of them may be missing.
bool may_verify(const Json& jwk, SignatureAlgorithm algorithm) {
  if (jwk.contains("use") && !is_text(jwk, "use", "sig")) return false;
  if (jwk.contains("alg") && !is_text(jwk, "alg", name(algorithm))) return false;
  const auto operations = jwk.find("key_ops");
  return operations == jwk.end() ||
         (operations->is_array() &&
          std::find(operations->begin(), operations->end(), "verify") != operations->end());
}

Result<VerifyKey> key_of(const Json& jwk, SignatureAlgorithm algorithm) {
  const auto with_two = [&](const char* first, const char* second, auto make) {
    return bytes_member(jwk, first).and_then([&](const std::string& one) {
      return bytes_member(jwk, second).and_then([&](const std::string& two) {
        return make(one, two);
      });
    });
  };
  switch (algorithm) {
    case SignatureAlgorithm::hs256:
      return bytes_member(jwk, "k").and_then(VerifyKey::from_secret);
    case SignatureAlgorithm::rs256:
      return with_two("n", "e", VerifyKey::from_rsa);
    case SignatureAlgorithm::es256:
      return with_two("x", "y", VerifyKey::from_p256);
    case SignatureAlgorithm::eddsa:
      return bytes_member(jwk, "x").and_then(VerifyKey::from_ed25519);
  }
  return failure("its algorithm is unknown");
}

// Adds the key of a JWK, if it is one for us.
Result<void> add_jwk(const Json& jwk, JwtKeys& keys) {
  if (!jwk.is_object()) return failure("it is not a JSON object");
  const auto algorithm = algorithm_of(jwk);
  if (!algorithm || !may_verify(jwk, *algorithm)) return {};
  if (jwk.contains("kid") && text_member(jwk, "kid") == nullptr)
    return failure("its kid is not a text");
  auto key = key_of(jwk, *algorithm);
  if (!key) return tl::unexpected(std::move(key.error()));
  const std::string* id = text_member(jwk, "kid");
  keys.push_back({id == nullptr ? std::string() : *id, std::move(*key)});
  return {};
}

Result<JwtKeys> parse_jwks(std::string_view text) {
  const auto set = parse_strict_object(text);
  if (!set) return failure("the JWK Set cannot be used: " + set.error().text + ".");
  const auto list = set->find("keys");
  if (list != set->end() && !list->is_array())
    return failure("the JWK Set cannot be used: its keys are not an array.");
  const Json all = list == set->end() ? Json::array({*set}) : *list;
  JwtKeys keys;
  std::size_t number = 0;
  for (const Json& jwk : all) {
    ++number;
    if (const auto added = add_jwk(jwk, keys); !added)
      return failure("key " + std::to_string(number) + " of the JWK Set: " + added.error().text +
                     ".");
  }
  return keys;
}

Result<JwtKeys> without_id(Result<std::vector<VerifyKey>> read) {
  if (!read) return failure(read.error().text + ".");
  JwtKeys keys;
  for (VerifyKey& key : *read) keys.push_back({{}, std::move(key)});
  return keys;
}

Result<JwtKeys> parse_secret(std::string_view line) {
  const bool is_line = std::none_of(line.begin(), line.end(), [](char byte) {
    return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
  });
  if (!is_line)
    return failure(
        "this is neither a JWK Set, nor public keys in PEM, nor a secret, which is one line.");
  if (is_bare_public_key(line))
    return failure(
        "this is a public key without its -----BEGIN PUBLIC KEY----- and -----END PUBLIC "
        "KEY-----, and would be a secret that everybody knows.");
  auto key = VerifyKey::from_secret(std::string(line));
  if (!key) return failure(key.error().text + ".");
  JwtKeys keys;
  keys.push_back({{}, std::move(*key)});
  return keys;
}

}  // namespace

Result<JwtKeys> parse_jwt_keys(std::string_view text) {
  const std::string_view content = trimmed(text);
  auto keys = content.starts_with('{') ? parse_jwks(content)
              : content.find("-----BEGIN ") != std::string_view::npos
                  ? without_id(VerifyKey::from_pem(content))
                  : parse_secret(content);
  if (!keys) return keys;
  if (keys->empty()) return failure("it holds no key for HS256, RS256, ES256 or EdDSA.");
  if (keys->size() > kJwtKeysMax)
    return failure("it holds " + std::to_string(keys->size()) + " keys, allowed are " +
                   std::to_string(kJwtKeysMax) + ".");
  return keys;
}

}  // namespace tandemq
