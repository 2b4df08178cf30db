#include "access/digest.hpp"

#include "base/ensure.hpp"

#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace tandemq {
namespace {

using Block = std::array<unsigned char, EVP_MAX_MD_SIZE>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text_of(const Block& block, std::size_t size) {
  return {reinterpret_cast<const char*>(block.data()), size};
}

std::string digest(const EVP_MD* kind, std::string_view data) {
  Block out{};
  unsigned int size = 0;
  const int done = EVP_Digest(data.data(), data.size(), out.data(), &size, kind, nullptr);
  ENSURE(done == 1, "OpenSSL hashes");
  return text_of(out, size);
}

std::string hmac(const EVP_MD* kind, std::string_view key, std::string_view data) {
  Block out{};
  unsigned int size = 0;
  // A null key would mean the one used before.
  const void* key_bytes = key.empty() ? "" : key.data();
  const auto* done = HMAC(kind, key_bytes, static_cast<int>(key.size()), bytes_of(data),
                          data.size(), out.data(), &size);
  ENSURE(done != nullptr, "OpenSSL computes an HMAC");
  return text_of(out, size);
}

std::string pbkdf2(const EVP_MD* kind, std::string_view password, std::string_view salt,
                   std::uint32_t iterations) {
  Block out{};
  const int size = EVP_MD_get_size(kind);
  const char* password_bytes = password.empty() ? "" : password.data();
  const int done = PKCS5_PBKDF2_HMAC(password_bytes, static_cast<int>(password.size()),
                                     bytes_of(salt), static_cast<int>(salt.size()),
                                     static_cast<int>(iterations), kind, size, out.data());
  ENSURE(done == 1, "OpenSSL derives a key");
  return text_of(out, static_cast<std::size_t>(size));
}

}  // namespace

std::string sha256(std::string_view data) {
  return digest(EVP_sha256(), data);
}

std::string sha512(std::string_view data) {
  return digest(EVP_sha512(), data);
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
  return hmac(EVP_sha256(), key, data);
}

std::string hmac_sha512(std::string_view key, std::string_view data) {
  return hmac(EVP_sha512(), key, data);
}

std::string pbkdf2_sha256(std::string_view password, std::string_view salt,
                          std::uint32_t iterations) {
  return pbkdf2(EVP_sha256(), password, salt, iterations);
}

std::string pbkdf2_sha512(std::string_view password, std::string_view salt,
                          std::uint32_t iterations) {
  return pbkdf2(EVP_sha512(), password, salt, iterations);
}

bool equal_in_constant_time(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  return left.empty() || CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace tandemq
