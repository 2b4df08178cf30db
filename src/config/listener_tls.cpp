#include "config/listener_tls.hpp"

#include "config/files.hpp"
#include "config/tls_files.hpp"

#include <algorithm>
#include <ctime>
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

TlsFile file_of(const ListenerConfig& listener, const char* parameter, const std::string& path) {
  return {"listener = '" + listener.url + "': " + parameter + " = '" + path + "'", path};
}

Result<void> use_keys(const ListenerConfig& listener, ListenerContext& made) {
  const ListenerTls& tls = *listener.tls;
  const TlsFile file = file_of(listener, "psk", tls.psk);
  const auto text = read_text_file(tls.psk);
  if (!text) return failure(file.name + ": " + text.error().text);
  auto keys = parse_psk_keys(*text);
  if (!keys) return failure(file.name + ": " + keys.error().text);
  made.psk = std::move(*keys);
  const auto is_short = [](const auto& one) { return one.second.size() < kPskSizeGood; };
  if (const auto one = std::find_if(made.psk.begin(), made.psk.end(), is_short);
      one != made.psk.end())
    made.notes.push_back(file.name + ": the key of '" + one->first +
                         "' has less than 16 bytes and can be tried out");
  SSL_CTX* const context = made.context.get();
  // A shared key of TLS 1.3 goes with SHA-256 only, and the broker chooses the cipher.
  if (tls.ciphers.empty())
    SSL_CTX_set_ciphersuites(
        context, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384");
  if (tls.psk_hint.empty() || SSL_CTX_use_psk_identity_hint(context, tls.psk_hint.c_str()) == 1)
    return {};
  ERR_clear_error();
  return failure(file_of(listener, "psk_hint", tls.psk_hint).name + ": is too long");
}

Result<void> use_staple(const ListenerConfig& listener, ListenerContext& made) {
  const TlsFile file = file_of(listener, "ocsp", listener.tls->ocsp);
  auto staple = read_ocsp_staple(file, SSL_CTX_get0_certificate(made.context.get()));
  if (!staple) return tl::unexpected(std::move(staple.error()));
  if (const std::string why = objection_to_times(*staple, std::time(nullptr)); !why.empty())
    made.notes.push_back(file.name + " " + why + "; clients do not get it");
  made.staple = std::move(*staple);
  return {};
}

Result<void> fill(ListenerContext& made, const ListenerConfig& listener) {
  SSL_CTX* const context = made.context.get();
  const ListenerTls& tls = *listener.tls;
  const auto file = [&](const char* parameter, const std::string& path) {
    return file_of(listener, parameter, path);
  };
  refuse_pass_phrases(context);
  SSL_CTX_set_min_proto_version(context, tls.only_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  if (!tls.ciphers.empty())
    if (auto used = use_ciphers(context, file("ciphers", tls.ciphers)); !used) return used;
  if (!tls.psk.empty())
    if (auto used = use_keys(listener, made); !used) return used;
  if (tls.cert.empty()) return {};
  if (auto used = use_certificate(context, file("cert", tls.cert), file("key", tls.key)); !used)
    return used;
  if (!tls.ocsp.empty())
    if (auto used = use_staple(listener, made); !used) return used;
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
  if (auto filled = fill(made, listener); !filled) return tl::unexpected(std::move(filled.error()));
  const X509* certificate = SSL_CTX_get0_certificate(made.context.get());
  if (certificate == nullptr) return made;
  made.certificate = listener.tls->cert;
  made.key = listener.tls->key;
  made.expires_at_s = expiry_s(certificate);
  if (const std::string why = objection_to_dates(certificate); !why.empty())
    made.warning =
        "listener = '" + listener.url + "': the certificate in " + listener.tls->cert + " " + why;
  return made;
}

}  // namespace tandemq
