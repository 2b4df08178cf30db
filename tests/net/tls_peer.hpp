// A client of TLS at the other end of a hub's socket. It never blocks: the test steps it between
// the turns of the hub's loop.
#pragma once

#include <memory>
#include <string>

#include <openssl/types.h>

struct ssl_session_st;  // OpenSSL's SSL_SESSION.

namespace tandemq::tests {

struct TlsSettings {
  std::string ca;    // PEM
  std::string cert;  // The same; empty: the client has none.
  std::string key;
  int version = 0;  // TLS1_2_VERSION or TLS1_3_VERSION; 0: whatever both have.
};

class TlsPeer {
 public:
  using Session = std::shared_ptr<ssl_session_st>;

  // Takes the socket over.
  TlsPeer(int socket, const TlsSettings& settings, const Session& session = nullptr);
  ~TlsPeer();
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  bool shake();                        // True once the handshake is over.
  void send(const std::string& text);  // Fits into the socket.
  // Reads what is there into `received`; false when the other side has ended the connection.
  bool read();
  [[nodiscard]] bool has_answer() const;  // There is something to read from the socket.
  void update_key();                      // And asks the other side for the same.
  void close();

  [[nodiscard]] bool said_goodbye() const;  // The other side, by close_notify.
  [[nodiscard]] bool resumed() const;
  [[nodiscard]] Session session() const;

  std::string received;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tandemq::tests
