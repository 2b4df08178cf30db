// VerifyKey: a key that tells who has signed a token, together with the one algorithm that it is
// good for. It is never used with another one, whatever a token says: a public key is no secret for
// HS256. OpenSSL does the work. An immutable value; any thread may use it.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY.

namespace tandemq {

enum class SignatureAlgorithm : std::uint8_t { hs256, rs256, es256, eddsa };

// As RFC 7518 and RFC 8037 spell it.
std::string_view name(SignatureAlgorithm algorithm);
std::optional<SignatureAlgorithm> signature_algorithm(std::string_view name);

// RFC 7518 sections 3.2 and 3.3.
constexpr std::size_t kSigningSecretSizeMin = 32;
constexpr int kRsaBitsMin = 2'048;

class VerifyKey {
 public:
  static Result<VerifyKey> from_secret(std::string secret);
  // One key for each block of a public key; all have to be sound.
  static Result<std::vector<VerifyKey>> from_pem(std::string_view text);
  // Big-endian numbers, as in a JWK.
  static Result<VerifyKey> from_rsa(std::string_view modulus, std::string_view exponent);
  static Result<VerifyKey> from_p256(std::string_view x, std::string_view y);
  static Result<VerifyKey> from_ed25519(std::string_view x);

  [[nodiscard]] SignatureAlgorithm algorithm() const { return algorithm_; }

  // The signature is as a JWS has it: of ES256 r and s of 32 bytes each. Slow for all but HS256, a
  // tenth of a millisecond.
  [[nodiscard]] bool verify(std::string_view message, std::string_view signature) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  using Handle = std::unique_ptr<evp_pkey_st, Free>;

  VerifyKey() = default;
  static Result<VerifyKey> from_handle(Handle key);
  static Result<VerifyKey> from_pem_block(std::string_view block);

  SignatureAlgorithm algorithm_ = SignatureAlgorithm::hs256;
  std::string secret_;  // Of HS256.
  Handle key_;          // Of the others.
};

// True of a public key without the lines around it, as some consoles show it: as a secret it would
// be one that everybody knows.
bool is_bare_public_key(std::string_view text);

}  // namespace tandemq
