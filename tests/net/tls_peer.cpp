#include "tests/net/tls_peer.hpp"

#include <array>
#include <utility>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tandemq::tests {

struct TlsPeer::Parts {
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context{nullptr, SSL_CTX_free};
  std::unique_ptr<SSL, void (*)(SSL*)> ssl{nullptr, SSL_free};
  int socket = -1;
};

TlsPeer::TlsPeer(int socket, const TlsSettings& settings, const Session& session)
    : parts_(std::make_unique<Parts>()) {
  REQUIRE(::fcntl(socket, F_SETFL, O_NONBLOCK) == 0);
  parts_->socket = socket;
  parts_->context.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = parts_->context.get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  REQUIRE(SSL_CTX_load_verify_file(context, settings.ca.c_str()) == 1);
  if (!settings.cert.empty()) {
    REQUIRE(SSL_CTX_use_certificate_chain_file(context, settings.cert.c_str()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(context, settings.key.c_str(), SSL_FILETYPE_PEM) == 1);
  }
  SSL_CTX_set_min_proto_version(context, settings.version);
  SSL_CTX_set_max_proto_version(context, settings.version);
  parts_->ssl.reset(SSL_new(context));
  SSL_set_fd(parts_->ssl.get(), socket);
  SSL_set_connect_state(parts_->ssl.get());
  if (session) REQUIRE(SSL_set_session(parts_->ssl.get(), session.get()) == 1);
}

TlsPeer::~TlsPeer() {
  // OpenSSL takes a session for spoiled whose connection just ends.
  SSL_set_shutdown(parts_->ssl.get(), SSL_SENT_SHUTDOWN);
  close();
}

bool TlsPeer::shake() {
  ERR_clear_error();
  return SSL_do_handshake(parts_->ssl.get()) == 1;
}

void TlsPeer::send(const std::string& text) {
  REQUIRE(SSL_write(parts_->ssl.get(), text.data(), static_cast<int>(text.size())) ==
          static_cast<int>(text.size()));
}

bool TlsPeer::read() {
  std::array<char, 65'536> buffer{};
  for (;;) {
    ERR_clear_error();
    const int size = SSL_read(parts_->ssl.get(), buffer.data(), buffer.size());
    if (size <= 0) return SSL_get_error(parts_->ssl.get(), size) == SSL_ERROR_WANT_READ;
    received.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

bool TlsPeer::has_answer() const {
  char byte = 0;
  return ::recv(parts_->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

void TlsPeer::update_key() {
  REQUIRE(SSL_key_update(parts_->ssl.get(), SSL_KEY_UPDATE_REQUESTED) == 1);
}

void TlsPeer::close() {
  if (parts_->socket >= 0) ::close(std::exchange(parts_->socket, -1));
}

bool TlsPeer::said_goodbye() const {
  return (SSL_get_shutdown(parts_->ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

bool TlsPeer::resumed() const {
  return SSL_session_reused(parts_->ssl.get()) == 1;
}

TlsPeer::Session TlsPeer::session() const {
  return {SSL_get1_session(parts_->ssl.get()), SSL_SESSION_free};
}

}  // namespace tandemq::tests
