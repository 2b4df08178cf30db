// Listener: the sockets on which new connections come for one URL; several if its name has several
// addresses, one of a file for unix://. It accepts and gives what it accepted to Reception; when
// that, or the limit on open files, wants a pause, new connections wait in the kernel's backlog.
// Owned by node; the thread of its io_context.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "net/reception.hpp"
#include "net/unix_socket_file.hpp"

#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <asio/basic_socket_acceptor.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq {

class Listener {
 public:
  // `tls` is null where the listener is plain TCP.
  Listener(asio::io_context& io, ListenerConfig config, Reception& reception,
           std::shared_ptr<const TlsContext> tls = nullptr);

  // Binds and listens; nothing is accepted before start(). The error says what to do.
  Result<void> open();
  void start();
  void close();
  // For the connections that come from now on.
  void set_tls(std::shared_ptr<const TlsContext> tls) { transport_.tls = std::move(tls); }

  // With the port that was chosen if 0 was asked for: "mqtt://127.0.0.1:1883".
  [[nodiscard]] std::vector<std::string> bound_urls() const;

 private:
  using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
  struct Door {
    Door(asio::io_context& io, const asio::ip::tcp::endpoint& at)
        : endpoint(at), acceptor(io), pause(io) {}
    asio::ip::tcp::endpoint endpoint;  // Of a unix socket it means nothing.
    Acceptor acceptor;
    asio::steady_timer pause;
  };

  static asio::error_code open(Door& door);
  Result<void> open_socket_file();
  [[nodiscard]] Origin origin_of(int socket, const Door& door,
                                 const asio::ip::tcp::endpoint& peer) const;
  [[nodiscard]] Error explain(const Door& door, const asio::error_code& error) const;
  void wait(Door& door);
  void wait_ms(Door& door, std::int64_t pause_ms);
  void accept_waiting(Door& door);
  // False when nothing more can be accepted now, after arranging to go on later.
  bool accept_one(Door& door);
  [[nodiscard]] bool is_proxy(const asio::ip::address& peer) const;

  asio::io_context& io_;
  ListenerConfig config_;
  Reception& reception_;
  Transport transport_;
  std::unique_ptr<UnixSocketFile> socket_file_;  // Null: it has a host and a port.
  std::list<Door> doors_;                        // Acceptors are referred to while they wait.
};

}  // namespace tandemq
