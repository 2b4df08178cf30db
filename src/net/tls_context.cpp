#include "net/tls_context.hpp"

#include "net/certificate_user.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <string_view>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace tandemq {
namespace {

constexpr std::size_t kTicketNameSize = 16;
// A ticket says nothing about the listener it comes from: judge_ticket() asks what this one asks.
constexpr std::string_view kSessionIdContext = "tandemq";
constexpr std::string_view kMqttProtocol = "\x04mqtt";
constexpr std::string_view kHttpProtocol = "\x08http/1.1";  // WebSocket begins with it.

std::int64_t unix_time_s() {
  using std::chrono::system_clock;
  return std::chrono::duration_cast<std::chrono::seconds>(system_clock::now().time_since_epoch())
      .count();
}

// Who offers protocols, and ours is none of them, wants something else (RFC 7301 section 3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void* protocol) {
  const auto wanted = *static_cast<const std::string_view*>(protocol);
  auto* const ours = reinterpret_cast<const unsigned char*>(wanted.data());
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, ours, static_cast<unsigned>(wanted.size()), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

struct TlsContext::Callbacks {
  static int with_ticket_key(SSL* connection, unsigned char* name, unsigned char* iv,
                             EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt);
  static unsigned find_key(SSL* connection, const char* identity, unsigned char* key,
                           unsigned size_max);
  static int find_session(SSL* connection, const unsigned char* identity, std::size_t size,
                          SSL_SESSION** session);
  static int staple(SSL* connection, void* context);
  static int judge_ticket(SSL* connection, SSL_SESSION* session, const unsigned char* name,
                          std::size_t name_size, int status, void* context);
};

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const ListenerConfig& listener,
                                                           std::shared_ptr<const TicketKeys> keys) {
  auto files = make_listener_context(listener);
  if (!files) return tl::unexpected(std::move(files.error()));
  std::shared_ptr<TlsContext> context(
      new TlsContext(std::move(*files), *listener.tls, std::move(keys)));
  context->prepare(listener.websocket ? kHttpProtocol : kMqttProtocol);
  return context;
}

TlsContext::TlsContext(ListenerContext files, const ListenerTls& settings,
                       std::shared_ptr<const TicketKeys> keys)
    : files_(std::move(files)),
      client_certificate_(settings.client_certificate),
      user_from_(settings.user_from),
      keys_(std::move(keys)) {}

void TlsContext::prepare(const std::string_view& protocol) {
  SSL_CTX* const context = native();
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle connection holds no buffers; the outbox may have moved when a record is sent on.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // It is only read.
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, const_cast<std::string_view*>(&protocol));
  // Sessions are the clients' to keep, in tickets.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context,
                                 reinterpret_cast<const unsigned char*>(kSessionIdContext.data()),
                                 kSessionIdContext.size());
  SSL_CTX_set_timeout(context, TicketKeys::kPeriodS);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_app_data(context, this);
  if (!files_.psk.empty()) {
    SSL_CTX_set_psk_server_callback(context, Callbacks::find_key);
    SSL_CTX_set_psk_find_session_callback(context, Callbacks::find_session);
  }
  if (files_.staple) {
    SSL_CTX_set_tlsext_status_cb(context, Callbacks::staple);
    SSL_CTX_set_tlsext_status_arg(context, this);
  }
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, Callbacks::with_ticket_key);
  SSL_CTX_set_session_ticket_cb(context, nullptr, Callbacks::judge_ticket, this);
}

std::optional<std::string> TlsContext::identity_of(const SSL* connection) {
  if (SSL_version(connection) < TLS1_3_VERSION) {
    const char* const identity = SSL_get_psk_identity(connection);
    return identity == nullptr ? std::nullopt : std::optional<std::string>(identity);
  }
  void* identity = nullptr;
  std::size_t size = 0;
  SSL_SESSION* const session = SSL_get_session(connection);
  if (session == nullptr || SSL_SESSION_get0_ticket_appdata(session, &identity, &size) != 1 ||
      size == 0)
    return std::nullopt;
  return std::string(static_cast<const char*>(identity), size);
}

std::optional<std::string> TlsContext::user_of(const SSL* connection) const {
  if (!files_.psk.empty() && user_from_ != UserFrom::none) return identity_of(connection);
  if (client_certificate_ == ClientCertificate::none || user_from_ == UserFrom::none)
    return std::nullopt;
  const X509* certificate = SSL_get0_peer_certificate(connection);
  if (certificate == nullptr) return std::nullopt;
  return tandemq::user_of(certificate, user_from_);
}

// Of TLS 1.2. 0: nobody has this identity.
unsigned TlsContext::Callbacks::find_key(SSL* connection, const char* identity, unsigned char* key,
                                         unsigned size_max) {
  if (SSL_version(connection) >= TLS1_3_VERSION) return 0;  // find_session() has looked.
  const auto* context =
      static_cast<const TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
  const auto found = context->files_.psk.find(std::string_view(identity));
  if (found == context->files_.psk.end() || found->second.size() > size_max) return 0;
  std::copy(found->second.begin(), found->second.end(), key);
  return static_cast<unsigned>(found->second.size());
}

// Of TLS 1.3, where tickets come this way too. The session takes the identity along: that one which
// is agreed upon in the end has been proven, one that was only offered has not.
int TlsContext::Callbacks::find_session(SSL* connection, const unsigned char* identity,
                                        std::size_t size, SSL_SESSION** session) {
  constexpr unsigned char kAes128GcmSha256[] = {0x13, 0x01};  // Its hash is what counts.
  *session = nullptr;
  const auto* context =
      static_cast<const TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
  const auto found =
      context->files_.psk.find(std::string_view(reinterpret_cast<const char*>(identity), size));
  if (found == context->files_.psk.end()) return 1;
  SSL_SESSION* const made = SSL_SESSION_new();
  const auto* const key = reinterpret_cast<const unsigned char*>(found->second.data());
  if (made == nullptr || SSL_SESSION_set1_master_key(made, key, found->second.size()) != 1 ||
      SSL_SESSION_set_cipher(made, SSL_CIPHER_find(connection, kAes128GcmSha256)) != 1 ||
      SSL_SESSION_set_protocol_version(made, TLS1_3_VERSION) != 1 ||
      SSL_SESSION_set1_ticket_appdata(made, identity, size) != 1) {
    SSL_SESSION_free(made);
    return 0;
  }
  SSL_set_num_tickets(connection, 0);
  *session = made;
  return 1;
}

int TlsContext::Callbacks::staple(SSL* connection, void* context) {
  const OcspStaple& staple = *static_cast<const TlsContext*>(context)->files_.staple;
  if (!objection_to_times(staple, unix_time_s()).empty()) return SSL_TLSEXT_ERR_NOACK;
  void* const copy = OPENSSL_memdup(staple.der.data(), staple.der.size());  // OpenSSL frees it.
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(connection, copy, static_cast<long>(staple.der.size()));
  return SSL_TLSEXT_ERR_OK;
}

// 0: the ticket is no good; 2: it is, and the client gets a new one.
int TlsContext::Callbacks::with_ticket_key(SSL* connection, unsigned char* name, unsigned char* iv,
                                           EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt) {
  const auto* context =
      static_cast<const TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
  const TicketKeys& keys = *context->keys_;
  std::optional<TicketKey> key;
  if (encrypt == 1) {
    // A handshake by a shared key is cheap, and is not to outlive that key.
    if (SSL_get_psk_identity(connection) != nullptr) return 0;
    key = keys.current(unix_time_s());
    std::copy(key->name.begin(), key->name.end(), name);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
  } else {
    key = keys.find(std::span<const std::uint8_t, kTicketNameSize>(name, kTicketNameSize),
                    unix_time_s());
    if (!key) return 0;
  }
  char digest[] = "SHA256";  // OSSL_PARAM knows no const.
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac.data(), key->mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher.data(), iv, encrypt) != 1 ||
      EVP_MAC_CTX_set_params(mac, parameters) != 1)
    return -1;
  return key->current ? 1 : 2;
}

// For each ticket that a client brings. A resumed session brings the certificate
// of its client along; that one is asked again what a new one would be asked.
int TlsContext::Callbacks::judge_ticket(SSL* connection, SSL_SESSION* session, const unsigned char*,
                                        std::size_t, int status, void* context) {
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  const auto& self = *static_cast<const TlsContext*>(context);
  // Tickets never come of shared keys, and where only those count no other will do.
  if (self.files_.certificate.empty()) return SSL_TICKET_RETURN_IGNORE;
  X509* const certificate = SSL_SESSION_get0_peer(session);
  const bool missing =
      certificate == nullptr && self.client_certificate_ == ClientCertificate::required;
  const bool stale = certificate != nullptr && !self.still_trusts(certificate);
  if (missing || stale) return SSL_TICKET_RETURN_IGNORE_RENEW;
  const bool renews =
      status == SSL_TICKET_SUCCESS_RENEW || SSL_version(connection) > TLS1_2_VERSION;
  return renews ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

bool TlsContext::still_trusts(X509* certificate) const {
  if (client_certificate_ == ClientCertificate::none) return false;
  const std::unique_ptr<X509_STORE_CTX, void (*)(X509_STORE_CTX*)> check(X509_STORE_CTX_new(),
                                                                         X509_STORE_CTX_free);
  const bool good = X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(native()), certificate,
                                        nullptr) == 1 &&
                    X509_STORE_CTX_set_default(check.get(), "ssl_client") == 1 &&
                    X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace tandemq
