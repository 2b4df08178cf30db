#include "access/digest.hpp"

#include "base/ensure.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>

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

HmacSha256::HmacSha256(std::string_view key) {
  EVP_MAC* kind = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
  ENSURE(kind != nullptr, "OpenSSL has HMAC");
  context_.reset(EVP_MAC_CTX_new(kind));
  EVP_MAC_free(kind);  // The context keeps it.
  ENSURE(context_ != nullptr, "OpenSSL has memory for an HMAC");
  char name[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                               OSSL_PARAM_construct_end()};
  // A null key would mean the one used before.
  const auto* key_bytes = key.empty() ? bytes_of("") : bytes_of(key);
  const int done = EVP_MAC_init(context_.get(), key_bytes, key.size(), params);
  ENSURE(done == 1, "OpenSSL takes the key of an HMAC");
}

void HmacSha256::add(std::string_view bytes) {
  const int done = EVP_MAC_update(context_.get(), bytes_of(bytes), bytes.size());
  ENSURE(done == 1, "OpenSSL hashes");
}

std::array<char, kSha256Size> HmacSha256::finish() {
  std::array<char, kSha256Size> out{};
  std::size_t size = 0;
  auto* raw = reinterpret_cast<unsigned char*>(out.data());
  const int done = EVP_MAC_final(context_.get(), raw, &size, out.size());
  ENSURE(done == 1 && size == out.size(), "OpenSSL computes an HMAC");
  const int again = EVP_MAC_init(context_.get(), nullptr, 0, nullptr);
  ENSURE(again == 1, "OpenSSL begins anew with the same key");
  return out;
}

void HmacSha256::Free::operator()(evp_mac_ctx_st* context) const {
  EVP_MAC_CTX_free(context);
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
