#include "access/verify_key.hpp"

#include "access/digest.hpp"
#include "base/base64.hpp"
#include "base/ensure.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace tandemq {
namespace {

constexpr std::array<std::string_view, 4> kAlgorithmNames = {"HS256", "RS256", "ES256", "EdDSA"};
constexpr std::string_view kP256 = "prime256v1";  // OpenSSL's name for the curve P-256.
constexpr std::size_t kCoordinateSize = 32;       // Of P-256, and of r and s.
constexpr std::string_view kPemBegin = "-----BEGIN ";

// What OpenSSL makes and somebody has to free.
template <auto kFree>
struct FreeBy {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, FreeBy<BIO_free>>;
using BigNumber = std::unique_ptr<BIGNUM, FreeBy<BN_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreeBy<ECDSA_SIG_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeBy<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeBy<EVP_MD_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeBy<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, FreeBy<OSSL_PARAM_free>>;

const unsigned char* octets_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

BigNumber big_number(std::string_view big_endian) {
  return BigNumber(BN_bin2bn(octets_of(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

// Null if the parameters make no key.
EVP_PKEY* key_from(const char* kind, OSSL_PARAM* params) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) return nullptr;
  return key;
}

// OpenSSL wants the signature of ES256 in DER; empty if it cannot be one.
std::string ecdsa_der(std::string_view raw) {
  if (raw.size() != 2 * kCoordinateSize) return {};
  EcdsaSignature pair(ECDSA_SIG_new());
  BigNumber r = big_number(raw.substr(0, kCoordinateSize));
  BigNumber s = big_number(raw.substr(kCoordinateSize));
  ENSURE(pair != nullptr && r != nullptr && s != nullptr, "OpenSSL has memory for a signature");
  ECDSA_SIG_set0(pair.get(), r.release(), s.release());
  std::array<unsigned char, 2 * kCoordinateSize + 16> der{};  // Two heads and signs are 8 bytes.
  unsigned char* end = der.data();
  const int size = i2d_ECDSA_SIG(pair.get(), &end);
  ENSURE(size > 0, "OpenSSL writes a signature");
  return {reinterpret_cast<const char*>(der.data()), static_cast<std::size_t>(size)};
}

}  // namespace

std::string_view name(SignatureAlgorithm algorithm) {
  return kAlgorithmNames[static_cast<std::size_t>(algorithm)];
}

std::optional<SignatureAlgorithm> signature_algorithm(std::string_view name) {
  const auto* found = std::find(kAlgorithmNames.begin(), kAlgorithmNames.end(), name);
  if (found == kAlgorithmNames.end()) return std::nullopt;
  return static_cast<SignatureAlgorithm>(found - kAlgorithmNames.begin());
}

void VerifyKey::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<VerifyKey> VerifyKey::from_secret(std::string secret) {
  if (secret.size() < kSigningSecretSizeMin)
    return failure("a secret of HS256 has " + std::to_string(kSigningSecretSizeMin) +
                   " bytes or more, this one has " + std::to_string(secret.size()));
  VerifyKey key;
  key.secret_ = std::move(secret);
  return key;
}

Result<std::vector<VerifyKey>> VerifyKey::from_pem(std::string_view text) {
  std::vector<VerifyKey> keys;
  for (std::size_t at = text.find(kPemBegin); at != std::string_view::npos;) {
    const std::size_t next = text.find(kPemBegin, at + kPemBegin.size());
    auto key = from_pem_block(text.substr(at, next == std::string_view::npos ? next : next - at));
    if (!key)
      return failure("PEM block " + std::to_string(keys.size() + 1) + ": " + key.error().text);
    keys.push_back(std::move(*key));
    at = next;
  }
  return keys;
}

Result<VerifyKey> VerifyKey::from_pem_block(std::string_view block) {
  std::string_view label = block.substr(kPemBegin.size());
  label = label.substr(0, label.find("-----"));
  // OpenSSL would take the public part of a private key, which has no business here.
  if (label != "PUBLIC KEY" && label != "RSA PUBLIC KEY")
    return failure(
        "this is not a PUBLIC KEY; of a private key or a certificate give its public "
        "part, which openssl pkey -pubout or openssl x509 -pubkey prints");
  const Bio bio(BIO_new_mem_buf(block.data(), static_cast<int>(block.size())));
  ENSURE(bio != nullptr, "OpenSSL has memory for a PEM block");
  // Nobody is there to be asked for a password.
  const auto no_password = [](char*, int, int, void*) { return 0; };
  return from_handle(Handle(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr)));
}

Result<VerifyKey> VerifyKey::from_rsa(std::string_view modulus, std::string_view exponent) {
  const BigNumber n = big_number(modulus);
  const BigNumber e = big_number(exponent);
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  const bool built = builder != nullptr &&
                     OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
                     OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1;
  ENSURE(built, "OpenSSL has memory for an RSA key");
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  return from_handle(Handle(key_from("RSA", params.get())));
}

Result<VerifyKey> VerifyKey::from_p256(std::string_view x, std::string_view y) {
  if (x.size() != kCoordinateSize || y.size() != kCoordinateSize)
    return failure("x and y of P-256 have 32 bytes each");
  std::string point("\x04");  // Not compressed.
  point.append(x).append(y);
  std::string curve(kP256);
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  return from_handle(Handle(key_from("EC", params)));
}

Result<VerifyKey> VerifyKey::from_ed25519(std::string_view x) {
  return from_handle(
      Handle(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets_of(x), x.size())));
}

Result<VerifyKey> VerifyKey::from_handle(Handle key) {
  const KeyContext context(key ? EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr) : nullptr);
  const bool sound = context != nullptr && EVP_PKEY_public_check(context.get()) == 1;
  ERR_clear_error();
  if (!sound) return failure("this is not a sound public key");
  VerifyKey out;
  const int kind = EVP_PKEY_get_base_id(key.get());
  std::array<char, 32> curve{};
  const bool has_curve =
      EVP_PKEY_get_group_name(key.get(), curve.data(), curve.size(), nullptr) == 1;
  ERR_clear_error();
  if (kind == EVP_PKEY_RSA) {
    if (EVP_PKEY_get_bits(key.get()) < kRsaBitsMin)
      return failure("an RSA key has " + std::to_string(kRsaBitsMin) +
                     " bits or more, this one has " + std::to_string(EVP_PKEY_get_bits(key.get())));
    out.algorithm_ = SignatureAlgorithm::rs256;
  } else if (kind == EVP_PKEY_EC && has_curve && curve.data() == kP256) {
    out.algorithm_ = SignatureAlgorithm::es256;
  } else if (kind == EVP_PKEY_ED25519) {
    out.algorithm_ = SignatureAlgorithm::eddsa;
  } else {
    return failure("this is a key neither of RSA, nor of P-256, nor of Ed25519");
  }
  out.key_ = std::move(key);
  return out;
}

bool VerifyKey::verify(std::string_view message, std::string_view signature) const {
  if (algorithm_ == SignatureAlgorithm::hs256)
    return equal_in_constant_time(hmac_sha256(secret_, message), signature);
  const bool is_es256 = algorithm_ == SignatureAlgorithm::es256;
  const std::string der = is_es256 ? ecdsa_der(signature) : std::string();
  if (is_es256) signature = der;
  if (signature.empty()) return false;
  const DigestContext context(EVP_MD_CTX_new());
  ENSURE(context != nullptr, "OpenSSL has memory for a verification");
  const EVP_MD* digest = algorithm_ == SignatureAlgorithm::eddsa ? nullptr : EVP_sha256();
  const int begun = EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key_.get());
  ENSURE(begun == 1, "OpenSSL verifies with a key that it has taken");
  const int verdict = EVP_DigestVerify(context.get(), octets_of(signature), signature.size(),
                                       octets_of(message), message.size());
  ERR_clear_error();  // A wrong signature leaves errors for whoever asks next.
  return verdict == 1;
}

bool is_bare_public_key(std::string_view text) {
  std::string joined(text);
  joined.append((4 - joined.size() % 4) % 4, '=');
  const auto der = decode_base64(joined);
  if (!der) return false;
  const unsigned char* at = octets_of(*der);
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(der->size()));
  ERR_clear_error();
  const bool is_key = key != nullptr;
  EVP_PKEY_free(key);
  return is_key;
}

}  // namespace tandemq
