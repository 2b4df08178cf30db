// jwks: the keys that sign tokens, from the text of a file. What it holds is told by its content:
//   {"keys":[…]}              a JWK Set (RFC 7517), or one JWK alone
//   -----BEGIN PUBLIC KEY     one or more public keys in PEM
//   anything else             one line, the secret of HS256
// Reads no file itself.
#pragma once

#include "access/verify_key.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

struct JwtKey {
  std::string id;  // Its kid; empty: it stands for any.
  VerifyKey key;
};
using JwtKeys = std::vector<JwtKey>;

// A token without a kid is tried with each key of its algorithm.
constexpr std::size_t kJwtKeysMax = 64;

// Keys of a JWK Set that are for something else (encryption, other algorithms) are left out
// (RFC 7517 section 5); one that is ours and is not sound is an error. So is a file without a key.
// Errors never quote what could be a secret.
Result<JwtKeys> parse_jwt_keys(std::string_view text);

}  // namespace tandemq
