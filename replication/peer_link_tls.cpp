#include "replication/peer_link_tls.hpp"

#include "config/tls_files.hpp"
#include "replication/peer_link.hpp"

#include <array>
#include <memory>
#include <utility>

#include <asio/ssl/context.hpp>
#include <asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace tandemq {
namespace {

constexpr const char* kCert = "replication.tls.cert";
constexpr const char* kKey = "replication.tls.key";
constexpr const char* kCa = "replication.tls.ca";

TlsFile file_of(const char* key, const std::string& path) {
  return {std::string(key) + " = '" + path + "'", path};
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
  const TlsFile cert = file_of(kCert, config.tls_cert);
  if (auto used = use_certificate(context, cert, file_of(kKey, config.tls_key)); !used) return used;
  X509* const certificate = SSL_CTX_get0_certificate(context);
  // The peer would refuse it too, but say so in its own log only.
  if (const std::string why = objection_to_dates(certificate); !why.empty())
    return failure(cert.name + ": the certificate " + why);
  if (auto checked = check_purposes(certificate, cert.name); !checked) return checked;
  return use_authorities(context, file_of(kCa, config.tls_ca));
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

  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tlsv13);
  SSL_CTX* const native = context->native_handle();
  refuse_pass_phrases(native);
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
