#include "config/tls_files.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

namespace tandemq {
namespace {

int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

// Of the first error that OpenSSL has noted, and forgets the others.
std::string openssl_text() {
  std::array<char, 256> text{};
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (const char* reason = ERR_reason_error_string(error); reason != nullptr) return reason;
  ERR_error_string_n(error, text.data(), text.size());
  return text.data();
}

Result<void> check_can_read(const TlsFile& file) {
  const int descriptor = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failure(file.name + ": cannot be read: " + std::strerror(errno));
  ::close(descriptor);
  return {};
}

std::string text_of(const ASN1_TIME* time) {
  const std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_mem()), BIO_free);
  ASN1_TIME_print(memory.get(), time);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

void refuse_pass_phrases(SSL_CTX* context) {
  SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
}

Result<void> use_certificate(SSL_CTX* context, const TlsFile& cert, const TlsFile& key) {
  for (const TlsFile* file : {&cert, &key})
    if (auto checked = check_can_read(*file); !checked) return checked;
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, cert.path.c_str()) != 1)
    return failure(cert.name + ": holds no certificate in PEM: " + openssl_text());
  if (SSL_CTX_use_PrivateKey_file(context, key.path.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH)
      return failure(key.name + ": is not the key of the certificate in " + cert.name);
    return failure(key.name + ": holds no key in PEM without a pass phrase: " + openssl_text());
  }
  // OpenSSL compares the two itself, but not if one has parameters only.
  if (SSL_CTX_check_private_key(context) != 1)
    return failure(key.name + ": is not the key of the certificate in " + cert.name);
  return {};
}

Result<void> use_authorities(SSL_CTX* context, const TlsFile& ca) {
  if (auto checked = check_can_read(ca); !checked) return checked;
  ERR_clear_error();
  if (SSL_CTX_load_verify_file(context, ca.path.c_str()) == 1) return {};
  return failure(ca.name + ": holds no certificate in PEM: " + openssl_text());
}

Result<void> use_revocations(SSL_CTX* context, const TlsFile& crl) {
  if (auto checked = check_can_read(crl); !checked) return checked;
  ERR_clear_error();
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (X509_load_crl_file(lookup, crl.path.c_str(), X509_FILETYPE_PEM) < 1)
    return failure(crl.name + ": holds no list of revoked certificates in PEM: " + openssl_text());
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  return {};
}

std::string objection_to_dates(const X509* certificate) {
  const ASN1_TIME* end = X509_get0_notAfter(certificate);
  const ASN1_TIME* begin = X509_get0_notBefore(certificate);
  if (X509_cmp_current_time(end) < 0) return "has expired (" + text_of(end) + ")";
  if (X509_cmp_current_time(begin) > 0)
    return "is not valid before " + text_of(begin) + "; is the clock of this machine right?";
  return {};
}

std::int64_t expiry_s(const X509* certificate) {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return 0;
  return ::timegm(&time);
}

}  // namespace tandemq
