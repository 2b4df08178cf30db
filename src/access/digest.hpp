// The few cryptographic functions that passwords and the link between the nodes need, over bytes in
// strings. OpenSSL is included by digest.cpp and verify_key.cpp alone. Pure: whoever needs a salt
// or a nonce brings it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct evp_mac_ctx_st;  // OpenSSL's EVP_MAC_CTX.

namespace tandemq {

constexpr std::size_t kSha256Size = 32;
constexpr std::size_t kSha512Size = 64;

std::string sha256(std::string_view data);
std::string sha512(std::string_view data);
std::string hmac_sha256(std::string_view key, std::string_view data);
std::string hmac_sha512(std::string_view key, std::string_view data);

// The same under one key for many messages, each in pieces: the key is worked in once.
class HmacSha256 {
 public:
  explicit HmacSha256(std::string_view key);
  void add(std::string_view bytes);
  // Of what was added since the last one.
  std::array<char, kSha256Size> finish();

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

// PBKDF2 (RFC 8018) with HMAC. Slow on purpose: about a microsecond an iteration.
std::string pbkdf2_sha256(std::string_view password, std::string_view salt,
                          std::uint32_t iterations);
std::string pbkdf2_sha512(std::string_view password, std::string_view salt,
                          std::uint32_t iterations);

// Takes the same time wherever the two differ. Strings of different sizes are not equal.
bool equal_in_constant_time(std::string_view left, std::string_view right);

}  // namespace tandemq
