#include "tests/replication/certificates.hpp"

#include <cstdio>
#include <utility>

#include <doctest/doctest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace tandemq::tests {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File open_file(const std::string& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode), std::fclose);
  REQUIRE(file != nullptr);
  return file;
}

void write_key(EVP_PKEY* key, const std::string& path) {
  const File file = open_file(path, "w");
  REQUIRE(PEM_write_PrivateKey(file.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
}

void write_certificate(X509* certificate, const std::string& path) {
  const File file = open_file(path, "w");
  REQUIRE(PEM_write_X509(file.get(), certificate) == 1);
}

void extend(X509* certificate, int nid, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  REQUIRE(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

Authority::Certificate Authority::certificate_of(const std::string& name, EVP_PKEY* key,
                                                 Validity validity) {
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);  // That is version 3.
  std::uint32_t serial = 0;
  REQUIRE(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), validity.begins_in_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), validity.ends_in_s);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

Authority::Authority(std::string folder, const std::string& name)
    : folder_(std::move(folder)),
      file_(folder_ + "/" + name + ".ca"),
      key_(EVP_EC_gen("P-256"), EVP_PKEY_free),
      certificate_(certificate_of(name, key_.get(), {})) {
  X509* const own = certificate_.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  extend(own, NID_basic_constraints, "critical,CA:TRUE");
  REQUIRE(X509_sign(own, key_.get(), EVP_sha256()) > 0);
  write_certificate(own, file_);
}

ReplicationConfig Authority::issue(const std::string& name, Validity validity,
                                   const char* usage) const {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate = certificate_of(name, key.get(), validity);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  if (usage != nullptr) extend(certificate.get(), NID_ext_key_usage, usage);
  REQUIRE(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0);
  ReplicationConfig config;
  config.tls_cert = folder_ + "/" + name + ".cert";
  config.tls_key = folder_ + "/" + name + ".key";
  config.tls_ca = file_;
  write_certificate(certificate.get(), config.tls_cert);
  write_key(key.get(), config.tls_key);
  return config;
}

void encrypt_key(const std::string& file, const std::string& encrypted_file) {
  const File plain = open_file(file, "r");
  EVP_PKEY* key = PEM_read_PrivateKey(plain.get(), nullptr, nullptr, nullptr);
  REQUIRE(key != nullptr);
  const File encrypted = open_file(encrypted_file, "w");
  REQUIRE(PEM_write_PrivateKey(encrypted.get(), key, EVP_aes_256_cbc(),
                               reinterpret_cast<const unsigned char*>("phrase"), 6, nullptr,
                               nullptr) == 1);
  EVP_PKEY_free(key);
}

}  // namespace tandemq::tests
