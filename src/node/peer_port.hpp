// PeerPort: the door between this node and its peer: listens on replication.listen, dials
// replication.peer as long as somebody wants that, and gives away links whose peer has proved
// itself. Whoever proves nothing is refused, and logged once a minute.
// Owned by node; core thread.
#pragma once

#include "config/config.hpp"
#include "net/entropy.hpp"
#include "node/clock.hpp"
#include "replication/peer_link.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <spdlog/logger.h>

namespace tandemq {

class PeerPort {
 public:
  using Link = std::shared_ptr<PeerLink>;
  struct Ports {
    std::function<void(Link, Hello&&)> called;  // The peer has dialled and said Hello.
    std::function<bool()> wants_to_dial;        // Asked now and then.
    std::function<void(Link)> dialled;          // The peer has answered: a Hello is owed to it.
    // `refused`: nobody listens there.
    std::function<void(const std::string& why, bool refused)> unreachable;
  };

  PeerPort(asio::io_context& io, const Clock& clock, const Config& config,
           std::shared_ptr<spdlog::logger> log, Ports ports);
  ~PeerPort();

  Result<void> start();
  void stop();
  // The link has just been lost: the peer is dialled now and not a little later.
  void dial_now();
  // Why the last dial came to nothing; empty: it did not.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

 private:
  Channel::Identity identity();
  void accept(asio::ip::tcp::socket socket);
  void await_hello(const Link& link);
  void dial_later();
  void dial();
  void take_dialled(asio::ip::tcp::socket socket);
  bool forget(const Link& link);  // False: it did not wait.
  void report(const std::string& sentence, const std::string& caller = {});

  const Clock& clock_;
  const Config config_;
  std::shared_ptr<spdlog::logger> log_;
  Ports ports_;
  std::string secret_;
  std::shared_ptr<asio::ssl::context> tls_;
  Entropy entropy_;
  PeerListener listener_;
  PeerDialler dialler_;
  asio::steady_timer timer_;
  std::vector<Link> waiting_;  // They have not said who they are; the oldest first.
  std::string problem_;
  bool dialling_ = false;
  std::chrono::milliseconds dial_after_{250};
  std::map<std::string, Instant> reported_;  // Sentences, and when.
};

}  // namespace tandemq
