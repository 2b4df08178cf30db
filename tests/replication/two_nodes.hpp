// Two nodes at the ends of a real connection over loopback, in one thread: the test runs their loop
// until what it waits for has happened. RawPeer is an end that the test moves by hand.
#pragma once

#include "replication/peer_link.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

namespace tandemq::tests {

// The dialler is node "a", the acceptor node "b".
Channel::Identity identity_of(Channel::Side side, const std::string& secret);

// One end, and what its handlers have been told.
struct End {
  // `socket` is connected.
  void start(asio::ip::tcp::socket socket, Channel::Side side);
  [[nodiscard]] PeerLink::Handlers handlers();

  std::string secret = "secret";
  std::shared_ptr<asio::ssl::context> tls;
  std::uint32_t timeout_ms = 20'000;
  std::function<void()> when_open;
  std::function<void(Frame&&)> when_frame;  // Instead of keeping it.

  std::shared_ptr<PeerLink> link;
  bool opened = false;
  std::vector<Frame> frames;
  std::optional<std::string> why;  // It was closed.
  bool refused = false;
};

class TwoNodes {
 public:
  TwoNodes();

  // Both ends of a new connection: {the dialler's, the acceptor's}.
  std::pair<asio::ip::tcp::socket, asio::ip::tcp::socket> connect();
  void start();  // Both.
  void open();   // And waits until both are open.
  // The acceptor alone; what it gets comes from the socket that is returned.
  asio::ip::tcp::socket start_acceptor();

  // Runs the loop until `done`; false if it has not come after a time that is long for a computer.
  bool run_until(const std::function<bool()>& done);
  // Runs it until there is nothing left to do.
  bool run_out();

  asio::io_context io{1};
  PeerListener listener;
  PeerDialler dialler_calls;
  End dialler;
  End acceptor;

 private:
  std::optional<asio::ip::tcp::socket> accepted_;
};

// The dialler, with the bytes in the hands of the test.
class RawPeer {
 public:
  RawPeer(TwoNodes& nodes, asio::ip::tcp::socket socket);

  void open();  // Proves itself.
  // The bytes of a frame that comes next, not sent yet.
  std::string bytes_of(const Frame& frame);
  void send(const std::string& bytes);
  void receive();  // What is there, into frames.
  void close();

  std::vector<Frame> frames;
  bool ended = false;  // By the other side.

 private:
  TwoNodes& nodes_;
  asio::ip::tcp::socket socket_;
  Channel channel_;
};

}  // namespace tandemq::tests
