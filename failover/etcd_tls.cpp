#include "failover/etcd_tls.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

namespace tandemq {
namespace {

// A key that wants a pass phrase is an error: a daemon has nobody to ask.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

Result<void> bad_file(const char* key, const std::string& file, const std::string& what) {
  const bool readable = access(file.c_str(), R_OK) == 0;
  const std::string why = readable ? what : std::string("cannot be read: ") + std::strerror(errno);
  ERR_clear_error();
  return failure(std::string("witness.etcd_") + key + " = '" + file + "': " + why);
}

Result<void> load(SSL_CTX* context, const EtcdTlsFiles& files) {
  ERR_clear_error();
  if (files.ca.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (SSL_CTX_load_verify_file(context, files.ca.c_str()) != 1) {
    return bad_file("ca", files.ca, "holds no certificate in PEM");
  }
  if (files.cert.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, files.cert.c_str()) != 1)
    return bad_file("cert", files.cert, "holds no certificate in PEM");
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return bad_file("key", files.key,
                    "is not the key of witness.etcd_cert, in PEM without a pass phrase");
  return {};
}

}  // namespace

Result<std::shared_ptr<asio::ssl::context>> make_etcd_context(const EtcdTlsFiles& files) {
  if (files.cert.empty() != files.key.empty())
    return failure("witness.etcd_cert and witness.etcd_key: one needs the other");
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_default_passwd_cb(native, no_pass_phrase);
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
