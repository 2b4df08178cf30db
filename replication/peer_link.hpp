// PeerLink: the connection to the other node: a TCP socket, under TLS 1.3 with both certificates
// verified when it has a TLS context, and a Channel over it. It carries frames and says when it
// opened and why it ended; it decides nothing, and never calls a handler after close().
// PeerListener accepts them; PeerDialler connects. Whoever lets go of one of the three hears no
// more of it, as after close() or cancel(), and may do that within one of its handlers. Owned by
// node; one io_context, one thread.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "replication/channel.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>

namespace tandemq {

// Certificate and key of this node, and the authority that must have signed the peer's. Null
// without replication.tls.*; the error names the file.
Result<std::shared_ptr<asio::ssl::context>> make_peer_context(const ReplicationConfig& config);

class PeerLink {
 public:
  struct Handlers {
    std::function<void()> opened;        // The peer has proved itself.
    std::function<void(Frame&&)> frame;  // In the order in which they were sent.
    // Not after close(). A sentence: who it was, and what was wrong with it. `refused` is true if
    // it never opened.
    std::function<void(const std::string& why, bool refused)> closed;
  };

  // `socket` is connected. The handshake must be over within `timeout_ms`.
  PeerLink(asio::ip::tcp::socket socket, std::shared_ptr<asio::ssl::context> tls,
           Channel::Side side, Channel::Identity us, std::uint32_t timeout_ms);
  ~PeerLink();  // As close().
  PeerLink(const PeerLink&) = delete;
  PeerLink& operator=(const PeerLink&) = delete;

  void start(Handlers handlers);
  // What comes next is somebody else's; may be called by a handler. Nothing after close().
  void set_handlers(Handlers handlers);
  // Only when open. Frames of one turn leave in one write.
  void send(const Frame& frame);
  // What was sent leaves first, as far as the peer takes it within a second.
  void close();

  [[nodiscard]] bool is_open() const;
  [[nodiscard]] std::size_t unsent_bytes() const;    // Given to send() and not to the kernel.
  [[nodiscard]] const std::string& peer() const;     // Its node id.
  [[nodiscard]] const std::string& address() const;  // "127.0.0.1:7400".
  [[nodiscard]] std::uint64_t sent_bytes() const;    // Since the start.
  [[nodiscard]] std::uint64_t received_bytes() const;

 private:
  struct Wire;  // Lives until its last bytes are sent.
  std::shared_ptr<Wire> wire_;
};

class PeerListener {
 public:
  PeerListener(asio::io_context& io, std::function<void(asio::ip::tcp::socket)> accepted);
  ~PeerListener();
  PeerListener(const PeerListener&) = delete;
  PeerListener& operator=(const PeerListener&) = delete;
  // "host:port", as replication.listen; port 0: any. The error is for the operator.
  Result<void> open(const std::string& address);
  void close();
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Doors;
  std::shared_ptr<Doors> doors_;
};

class PeerDialler {
 public:
  explicit PeerDialler(asio::io_context& io);
  ~PeerDialler();
  PeerDialler(const PeerDialler&) = delete;
  PeerDialler& operator=(const PeerDialler&) = delete;
  // Resolves "host:port" and connects to the first address that answers within `timeout_ms`. `done`
  // is called once, not after cancel().
  void dial(const std::string& address, std::uint32_t timeout_ms,
            std::function<void(Result<asio::ip::tcp::socket>)> done);
  void cancel();
  // Of the last dial that failed: each address refused it, so nobody listens there.
  [[nodiscard]] bool was_refused() const;

 private:
  struct Call;
  std::shared_ptr<Call> call_;
};

}  // namespace tandemq
