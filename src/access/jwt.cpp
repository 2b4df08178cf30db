#include "access/jwt.hpp"

#include "access/role_list.hpp"
#include "access/strict_json.hpp"
#include "base/base64.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace tandemq {
namespace {

using Json = nlohmann::json;

struct TokenView {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_part;  // Header and payload, with the dot.
};

std::optional<TokenView> split_token(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == last || token.find('.', first + 1) != last) return std::nullopt;
  return TokenView{token.substr(0, first), token.substr(first + 1, last - first - 1),
                   token.substr(last + 1), token.substr(0, last)};
}

Result<Json> parse_part(std::string_view part, const std::string& name) {
  const auto text = decode_base64url(part);
  if (!text) return failure("the token's " + name + " is not base64url");
  auto object = parse_strict_object(*text);
  if (!object) return failure("the token's " + name + " cannot be used: " + object.error().text);
  return object;
}

// Whether a key of ours has signed it, with the algorithm that is the key's own.
Result<void> check_signature(const TokenView& token, const Json& header, const JwtKeys& keys) {
  if (header.contains("crit"))
    return failure("the token's header has crit, and no extension is known here");
  const std::string* alg = text_member(header, "alg");
  const auto algorithm = alg == nullptr ? std::nullopt : signature_algorithm(*alg);
  if (!algorithm) return failure("the token's alg is not HS256, RS256, ES256 or EdDSA");
  const std::string* id = text_member(header, "kid");
  if (id == nullptr && header.contains("kid")) return failure("the token's kid is not a text");
  const auto signature = decode_base64url(token.signature);
  if (!signature) return failure("the token's signature is not base64url");

  bool known = false;
  bool fits = false;
  for (const JwtKey& one : keys) {
    if (id != nullptr && !one.id.empty() && one.id != *id) continue;
    known = true;
    if (one.key.algorithm() != *algorithm) continue;
    fits = true;
    if (one.key.verify(token.signed_part, *signature)) return {};
  }
  if (!known) return failure("the token's kid is that of no key");
  if (!fits) return failure("the token's alg is not that of its key");
  return failure("the token's signature is wrong");
}

// Seconds since 1970, maybe with a fraction (NumericDate). What is too large is never.
std::optional<Instant> numeric_date(const Json& value) {
  constexpr double kSecondsMax = 9e15;
  if (!value.is_number()) return std::nullopt;
  if (value.is_number_unsigned()) {
    const auto seconds = value.get<std::uint64_t>();
    return Instant{0}.plus_s(
        static_cast<std::int64_t>(std::min<std::uint64_t>(seconds, INT64_MAX)));
  }
  const auto seconds = value.get<double>();
  if (seconds >= kSecondsMax) return Instant::never();
  return Instant{seconds > 0 ? static_cast<std::int64_t>(seconds * 1000) : 0};
}

Result<Instant> check_times(const Json& claims, const JwtPolicy& policy, Instant now) {
  const auto exp = claims.find("exp");
  if (exp == claims.end()) return failure("the token has no exp and would be good for ever");
  const auto end = numeric_date(*exp);
  if (!end) return failure("the token's exp is not a number");
  const Instant expires_at = end->plus_s(policy.leeway_s);
  if (now >= expires_at) return failure("the token has expired");
  if (const auto nbf = claims.find("nbf"); nbf != claims.end()) {
    const auto begin = numeric_date(*nbf);
    if (!begin) return failure("the token's nbf is not a number");
    if (now.plus_s(policy.leeway_s) < *begin) return failure("the token is not valid yet");
  }
  return expires_at;
}

bool is_meant_for(const Json& audience, const std::string& wanted) {
  return audience == wanted || (audience.is_array() && std::find(audience.begin(), audience.end(),
                                                                 wanted) != audience.end());
}

Result<void> check_parties(const Json& claims, const JwtPolicy& policy) {
  const std::string* issuer = text_member(claims, "iss");
  if (!policy.issuer.empty() && (issuer == nullptr || *issuer != policy.issuer))
    return failure("the token's iss is not auth.jwt_issuer");
  const auto audience = claims.find("aud");
  if (policy.audience.empty()) {
    if (audience == claims.end()) return {};
    // RFC 7519 section 4.1.3: who does not know its own name among them must refuse it.
    return failure("the token has an aud, and auth.jwt_audience is not set");
  }
  if (audience == claims.end() || !is_meant_for(*audience, policy.audience))
    return failure("the token's aud is not auth.jwt_audience");
  return {};
}

Result<std::string> user_of(const Json& claims, const std::string& claim) {
  const std::string* user = text_member(claims, claim.c_str());
  if (user == nullptr || user->empty() || !is_mqtt_utf8(*user))
    return failure("the token's claim auth.jwt_user_claim is missing or no user name");
  return *user;
}

}  // namespace

bool looks_like_jwt(std::string_view password) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  if (password.find_first_not_of(kLetters) != std::string_view::npos) return false;
  const auto token = split_token(password);
  if (!token || token->header.size() < 4) return false;
  const auto start = decode_base64url(token->header.substr(0, 4));
  return start && start->starts_with('{');
}

Result<JwtClaims> verify_jwt(std::string_view token, const JwtKeys& keys, const JwtPolicy& policy,
                             Instant now) {
  if (token.size() > kJwtSizeMax)
    return failure("the token is larger than " + std::to_string(kJwtSizeMax) + " bytes");
  const auto parts = split_token(token);
  if (!parts) return failure("the token has not three parts");
  const auto header = parse_part(parts->header, "header");
  if (!header) return tl::unexpected(header.error());
  // Nothing of the payload is believed, or even read, before the signature.
  if (const auto good = check_signature(*parts, *header, keys); !good)
    return tl::unexpected(good.error());
  const auto claims = parse_part(parts->payload, "payload");
  if (!claims) return tl::unexpected(claims.error());
  const auto expires_at = check_times(*claims, policy, now);
  if (!expires_at) return tl::unexpected(expires_at.error());
  if (const auto good = check_parties(*claims, policy); !good) return tl::unexpected(good.error());
  auto user = user_of(*claims, policy.user_claim);
  if (!user) return tl::unexpected(std::move(user.error()));
  JwtClaims known{std::move(*user), *expires_at};
  if (const auto roles = claims->find(policy.roles_claim);
      !policy.roles_claim.empty() && roles != claims->end()) {
    auto names = parse_role_list(*roles);
    if (!names) return failure("the token's claim auth.jwt_roles_claim " + names.error().text);
    known.roles = std::move(*names);
  }
  return known;
}

}  // namespace tandemq
