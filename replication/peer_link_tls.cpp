#include "replication/peer_link_tls.hpp"

#include "replication/peer_link.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <asio/ssl/context.hpp>
#include <asio/ssl/error.hpp>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

namespace tandemq {
namespace {

constexpr const char* kCert = "replication.tls.cert";
constexpr const char* kKey = "replication.tls.key";
constexpr const char* kCa = "replication.tls.ca";

// A key that wants a pass phrase is an error: a daemon has nobody to ask.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

std::string name_of(const char* key, const std::string& file) {
  return std::string(key) + " = '" + file + "'";
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

Result<void> check_readable(const char* key, const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return failure(name_of(key, file) + ": cannot be read: " + std::strerror(errno));
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

// The peer would refuse it too, but say so in its own log only.
Result<void> check_dates(const X509* certificate, const std::string& name) {
  const ASN1_TIME* end = X509_get0_notAfter(certificate);
  const ASN1_TIME* begin = X509_get0_notBefore(certificate);
  if (X509_cmp_current_time(end) < 0)
    return failure(name + ": the certificate has expired (" + text_of(end) + ")");
  if (X509_cmp_current_time(begin) > 0)
    return failure(name + ": the certificate is not valid before " + text_of(begin) +
                   "; is the clock of this machine right?");
  return {};
}

// Each node is the client or the server, whoever dials.
Result<void> check_purposes(X509* certificate, const std::string& name) {
  for (const int purpose : {X509_PURPOSE_SSL_CLIENT, X509_PURPOSE_SSL_SERVER}) {
    if (X509_check_purpose(certificate, purpose, 0) == 1) continue;
    return failure(name +
                   ": the certificate has to be good for servers and for clients (its extended "
                   "key usage has both serverAuth and clientAuth, or is not there)");
  }
  return {};
}

Result<void> load(SSL_CTX* context, const ReplicationConfig& config) {
  ERR_clear_error();
  const std::string cert = name_of(kCert, config.tls_cert);
  const std::string key = name_of(kKey, config.tls_key);
  if (SSL_CTX_use_certificate_chain_file(context, config.tls_cert.c_str()) != 1)
    return failure(cert + ": holds no certificate in PEM: " + openssl_text());
  X509* const certificate = SSL_CTX_get0_certificate(context);
  if (auto checked = check_dates(certificate, cert); !checked) return checked;
  if (auto checked = check_purposes(certificate, cert); !checked) return checked;
  if (SSL_CTX_use_PrivateKey_file(context, config.tls_key.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH)
      return failure(key + ": is not the key of the certificate in " + cert);
    return failure(key + ": holds no key in PEM without a pass phrase: " + openssl_text());
  }
  // OpenSSL compares the two itself, but not if one has parameters only.
  if (SSL_CTX_check_private_key(context) != 1)
    return failure(key + ": is not the key of the certificate in " + cert);
  if (SSL_CTX_load_verify_file(context, config.tls_ca.c_str()) != 1)
    return failure(name_of(kCa, config.tls_ca) +
                   ": holds no certificate in PEM: " + openssl_text());
  return {};
}

std::string certificate_failure(long verified) {
  const std::string reason = X509_verify_cert_error_string(verified);
  switch (verified) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "showed a certificate whose time is not now: " + reason;
    case X509_V_ERR_INVALID_PURPOSE:
      return "showed a certificate that is not for both servers and clients: " + reason;
    default:
      return "showed a certificate that is not signed by " + std::string(kCa) + ": " + reason;
  }
}

}  // namespace

Result<std::shared_ptr<asio::ssl::context>> make_peer_context(const ReplicationConfig& config) {
  const std::array files = {std::pair(kCert, &config.tls_cert), std::pair(kKey, &config.tls_key),
                            std::pair(kCa, &config.tls_ca)};
  std::size_t missing = 0;
  for (const auto& file : files) missing += file.second->empty() ? 1 : 0;
  if (missing == files.size()) return nullptr;
  if (missing > 0)
    return failure("replication.tls.cert, key and ca: TLS between the nodes needs all three");
  for (const auto& file : files)
    if (auto checked = check_readable(file.first, *file.second); !checked)
      return tl::unexpected(checked.error());

  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tlsv13);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_default_passwd_cb(native, no_pass_phrase);
  // Every connection shows its certificates anew.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (auto loaded = load(native, config); !loaded) return tl::unexpected(loaded.error());
  return context;
}

bool is_tls_error(const asio::error_code& error) {
  return error.category() == asio::error::get_ssl_category();
}

std::string tls_failure(SSL* connection, const asio::error_code& error) {
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  const std::string text = error.message();
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return certificate_failure(SSL_get_verify_result(connection));
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    return "showed no certificate: has it replication.tls.cert?";
  switch (reason - SSL_AD_REASON_OFFSET) {  // An alert that the peer has sent.
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_CERTIFICATE_REQUIRED:
      return "refused our certificate, " + std::string(kCert) + ": " + text;
    default:
      return "does not get on with us in TLS 1.3: " + text + "; has it replication.tls.* too?";
  }
}

}  // namespace tandemq
