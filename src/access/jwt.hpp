// JSON Web Tokens (RFC 7519), signed, as the password of a CONNECT: who somebody is, until when, by
// the word of whoever holds the key. Three parts in base64url with dots between them:
//   {"alg":…,"kid":…} . {"sub":…,"exp":…,"nbf":…,"iss":…,"aud":…} . signature of what is before
// Pure: the time comes in, the keys are access/jwks's. A key that a token brings with it or points
// to (jwk, jku, x5c, x5u) is never looked at.
#pragma once

#include "access/jwks.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

struct JwtPolicy {
  std::string issuer;              // Empty: any.
  std::string audience;            // Empty: only tokens that name no audience.
  std::string user_claim = "sub";  // The claim with the user name.
  std::uint32_t leeway_s = 60;     // For clocks that differ.
  std::string roles_claim{};       // The claim with a list of roles; empty: none.
};

struct JwtClaims {
  std::string user;                  // Never empty.
  Instant expires_at;                // From then on the token is refused; the leeway is in it.
  std::vector<std::string> roles{};  // Empty if it does not have the claim.
};

constexpr std::size_t kJwtSizeMax = 8'192;  // Bytes.

// Whether a password is to be taken for a token: three parts in base64url, a header that begins as
// a JSON object does. Costs little, and says nothing about whether it is a good one.
bool looks_like_jwt(std::string_view password);

// The error is a clause for the log and for the client, and quotes nothing of the token.
Result<JwtClaims> verify_jwt(std::string_view token, const JwtKeys& keys, const JwtPolicy& policy,
                             Instant now);

}  // namespace tandemq
