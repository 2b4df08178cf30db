#include "failover/etcd_tls.hpp"

#include "config/tls_files.hpp"

#include <asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace tandemq {
namespace {

TlsFile file_of_witness(const char* key, const std::string& path) {
  return {std::string("witness.etcd_") + key + " = '" + path + "'", path};
}

Result<void> load(SSL_CTX* context, const EtcdTlsFiles& files) {
  if (files.ca.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (auto used = use_authorities(context, file_of_witness("ca", files.ca)); !used) {
    return used;
  }
  if (files.cert.empty()) return {};
  return use_certificate(context, file_of_witness("cert", files.cert),
                         file_of_witness("key", files.key));
}

}  // namespace

Result<std::shared_ptr<asio::ssl::context>> make_etcd_context(const EtcdTlsFiles& files) {
  if (files.cert.empty() != files.key.empty())
    return failure("witness.etcd_cert and witness.etcd_key: one needs the other");
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  refuse_pass_phrases(native);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  if (auto loaded = load(native, files); !loaded) return tl::unexpected(loaded.error());
  return context;
}

std::string etcd_tls_failure(SSL* connection, const asio::error_code& error) {
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  if (error.category() != asio::error::get_ssl_category()) return error.message();
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return "its certificate is refused: " +
           std::string(X509_verify_cert_error_string(SSL_get_verify_result(connection)));
  return "no TLS with it: " + error.message();
}

}  // namespace tandemq
