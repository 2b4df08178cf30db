#include "tests/access/signer.hpp"

#include "access/digest.hpp"
#include "base/base64.hpp"
#include "base/ensure.hpp"

#include <cstddef>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace tandemq {
namespace {

constexpr std::size_t kCoordinateBytes = 32;

std::string text_of_bio(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

std::string padded(const BIGNUM* number) {
  std::string bytes(kCoordinateBytes, '\0');
  ENSURE(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()),
                      static_cast<int>(bytes.size())) > 0,
         "the number is one of P-256");
  return bytes;
}

std::string raw_signature(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  ENSURE(pair != nullptr, "OpenSSL reads its own signature");
  std::string raw = padded(ECDSA_SIG_get0_r(pair)) + padded(ECDSA_SIG_get0_s(pair));
  ECDSA_SIG_free(pair);
  return raw;
}

std::string member(std::string_view name, std::string_view bytes) {
  return "\"" + std::string(name) + "\":\"" + encode_base64url(bytes) + "\"";
}

std::string unsigned_part(std::string_view header, std::string_view payload) {
  return encode_base64url(header) + "." + encode_base64url(payload);
}

}  // namespace

void Signer::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Signer Signer::rsa(unsigned bits) {
  return Signer(EVP_RSA_gen(bits));
}

Signer Signer::curve(const char* name) {
  return Signer(EVP_EC_gen(name));
}

Signer Signer::ed25519() {
  return Signer(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

std::string Signer::public_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  ENSURE(PEM_write_bio_PUBKEY(bio, key_.get()) == 1, "OpenSSL writes a public key");
  return text_of_bio(bio);
}

std::string Signer::private_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  ENSURE(PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "OpenSSL writes a private key");
  return text_of_bio(bio);
}

std::string Signer::number(const char* name) const {
  BIGNUM* number = nullptr;
  ENSURE(EVP_PKEY_get_bn_param(key_.get(), name, &number) == 1, "the key has this number");
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(number);
  return bytes;
}

std::string Signer::jwk(std::string_view more) const {
  std::string text = "{" + std::string(more);
  const int kind = EVP_PKEY_get_base_id(key_.get());
  if (kind == EVP_PKEY_RSA)
    return text + R"("kty":"RSA",)" + member("n", number(OSSL_PKEY_PARAM_RSA_N)) + "," +
           member("e", number(OSSL_PKEY_PARAM_RSA_E)) + "}";
  if (kind == EVP_PKEY_EC) {
    const auto coordinate = [&](const char* name) {
      const std::string bytes = number(name);
      return std::string(kCoordinateBytes - bytes.size(), '\0') + bytes;
    };
    return text + R"("kty":"EC","crv":"P-256",)" +
           member("x", coordinate(OSSL_PKEY_PARAM_EC_PUB_X)) + "," +
           member("y", coordinate(OSSL_PKEY_PARAM_EC_PUB_Y)) + "}";
  }
  std::string bytes(kCoordinateBytes, '\0');
  std::size_t size = bytes.size();
  EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size);
  return text + R"("kty":"OKP","crv":"Ed25519",)" + member("x", bytes) + "}";
}

std::string Signer::sign(std::string_view message) const {
  const int kind = EVP_PKEY_get_base_id(key_.get());
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const EVP_MD* digest = kind == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  const auto* data = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t size = 0;
  ENSURE(EVP_DigestSignInit(context, nullptr, digest, nullptr, key_.get()) == 1 &&
             EVP_DigestSign(context, nullptr, &size, data, message.size()) == 1,
         "OpenSSL begins to sign");
  std::string signature(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  ENSURE(EVP_DigestSign(context, out, &size, data, message.size()) == 1, "OpenSSL signs");
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return kind == EVP_PKEY_EC ? raw_signature(signature) : signature;
}

std::string Signer::token(std::string_view header, std::string_view payload) const {
  const std::string message = unsigned_part(header, payload);
  return message + "." + encode_base64url(sign(message));
}

std::string secret_token(std::string_view secret, std::string_view header,
                         std::string_view payload) {
  const std::string message = unsigned_part(header, payload);
  return message + "." + encode_base64url(hmac_sha256(secret, message));
}

}  // namespace tandemq
