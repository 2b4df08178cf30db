// The few cryptographic functions that passwords need, over bytes in strings. OpenSSL is included
// by digest.cpp alone. Pure: whoever needs a salt or a nonce brings it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tandemq {

constexpr std::size_t kSha256Size = 32;
constexpr std::size_t kSha512Size = 64;

std::string sha256(std::string_view data);
std::string sha512(std::string_view data);
std::string hmac_sha256(std::string_view key, std::string_view data);
std::string hmac_sha512(std::string_view key, std::string_view data);

// PBKDF2 (RFC 8018) with HMAC. Slow on purpose: about a microsecond an iteration.
std::string pbkdf2_sha256(std::string_view password, std::string_view salt,
                          std::uint32_t iterations);
std::string pbkdf2_sha512(std::string_view password, std::string_view salt,
                          std::uint32_t iterations);

// Takes the same time wherever the two differ. Strings of different sizes are not equal.
bool equal_in_constant_time(std::string_view left, std::string_view right);

}  // namespace tandemq
