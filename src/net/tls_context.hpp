// TlsContext: what the connections of one listener have in common in TLS: certificate, rules for
// the certificates of clients, keys shared with clients, keys of tickets. A reload puts another one
// in its place; connections keep the one they began with. Immutable; any thread.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/listener_tls.hpp"
#include "net/ticket_keys.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/types.h>

namespace tandemq {

class TlsContext {
 public:
  // The error names the listener, the parameter and its value.
  static Result<std::shared_ptr<const TlsContext>> make(const ListenerConfig& listener,
                                                        std::shared_ptr<const TicketKeys> keys);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] SSL_CTX* native() const { return files_.context.get(); }
  [[nodiscard]] const ListenerContext& files() const { return files_; }
  // The identity whose key both have; the handshake is over. None: it is by certificate.
  [[nodiscard]] static std::optional<std::string> identity_of(const SSL* connection);
  // See Origin::certificate_user; the handshake is over.
  [[nodiscard]] std::optional<std::string> user_of(const SSL* connection) const;

 private:
  TlsContext(ListenerContext files, const ListenerTls& settings,
             std::shared_ptr<const TicketKeys> keys);
  void prepare(const std::string_view& protocol);  // Of ALPN; it lives for ever.

  struct Callbacks;  // What OpenSSL asks.
  [[nodiscard]] bool still_trusts(X509* certificate) const;

  ListenerContext files_;
  const ClientCertificate client_certificate_;
  const UserFrom user_from_;
  const std::shared_ptr<const TicketKeys> keys_;
};

}  // namespace tandemq
