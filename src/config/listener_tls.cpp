#include "config/listener_tls.hpp"

#include "config/tls_files.hpp"

#include <string_view>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace tandemq {
namespace {

Result<void> use_ciphers(SSL_CTX* context, const TlsFile& ciphers) {
  std::string tls12;
  std::string tls13;
  std::string_view rest = ciphers.path;
  while (!rest.empty()) {
    const std::string_view cipher = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(cipher.size() + 1, rest.size()));
    std::string& list = cipher.starts_with("TLS_") ? tls13 : tls12;
    if (!list.empty()) list.push_back(':');
    list.append(cipher);
  }
  const bool taken = (tls12.empty() || SSL_CTX_set_cipher_list(context, tls12.c_str()) == 1) &&
                     (tls13.empty() || SSL_CTX_set_ciphersuites(context, tls13.c_str()) == 1);
  ERR_clear_error();
  if (taken) return {};
  return failure(ciphers.name + ": no cipher that OpenSSL has; 'openssl ciphers -v' lists them");
}

Result<void> fill(SSL_CTX* context, const ListenerConfig& listener) {
  const ListenerTls& tls = *listener.tls;
  const auto file = [&](const char* parameter, const std::string& path) {
    return TlsFile{"listener = '" + listener.url + "': " + parameter + " = '" + path + "'", path};
  };
  refuse_pass_phrases(context);
  SSL_CTX_set_min_proto_version(context, tls.only_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  if (!tls.ciphers.empty())
    if (auto used = use_ciphers(context, file("ciphers", tls.ciphers)); !used) return used;
  if (auto used = use_certificate(context, file("cert", tls.cert), file("key", tls.key)); !used)
    return used;
  if (tls.client_certificate == ClientCertificate::none) return {};
  const TlsFile ca = file("ca", tls.ca);
  if (auto used = use_authorities(context, ca); !used) return used;
  // Tells the client which certificate to show.
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(ca.path.c_str()));
  const bool required = tls.client_certificate == ClientCertificate::required;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  return tls.crl.empty() ? Result<void>() : use_revocations(context, file("crl", tls.crl));
}

}  // namespace

Result<ListenerContext> make_listener_context(const ListenerConfig& listener) {
  ListenerContext made;
  made.context = std::shared_ptr<SSL_CTX>(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (auto filled = fill(made.context.get(), listener); !filled)
    return tl::unexpected(std::move(filled.error()));
  const X509* certificate = SSL_CTX_get0_certificate(made.context.get());
  made.certificate = listener.tls->cert;
  made.key = listener.tls->key;
  made.expires_at_s = expiry_s(certificate);
  if (const std::string why = objection_to_dates(certificate); !why.empty())
    made.warning =
        "listener = '" + listener.url + "': the certificate in " + listener.tls->cert + " " + why;
  return made;
}

}  // namespace tandemq
