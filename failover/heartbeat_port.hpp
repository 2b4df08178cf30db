// HeartbeatPort: the second path as a socket of UDP: says what the node says of itself every
// heartbeat.interval_ms and whenever that changes, and gives what comes to the Heartbeat. Whoever
// does not belong here is logged once a minute. It decides nothing.
// Owned by node; the core's io_context and thread.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "failover/heartbeat.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq {

class HeartbeatPort {
 public:
  struct Config {
    std::string listen;  // HOST:PORT
    std::string peer;
    std::uint32_t interval_ms = 0;
  };
  struct Ports {
    std::function<Instant()> now;
    std::function<Beat()> about_us;
    std::function<void()> heard;  // The peer; see heartbeat().
    std::function<void(const std::string&)> warn;
  };

  HeartbeatPort(asio::io_context& io, Config config, Heartbeat heartbeat, Ports ports);

  // The error is for the operator.
  Result<void> start();
  void stop();
  // Says what has changed since it was said last, if anything has.
  void tell();
  // Says it now, as an answer.
  void send();

  [[nodiscard]] Heartbeat& heartbeat() { return heartbeat_; }
  [[nodiscard]] const Heartbeat& heartbeat() const { return heartbeat_; }
  [[nodiscard]] std::uint16_t port() const;

 private:
  void resolve();
  void send_later();
  void receive();
  void take(ByteView bytes);
  void warn(const std::string& sentence);

  const Config config_;
  Heartbeat heartbeat_;
  const Ports ports_;
  asio::ip::udp::socket socket_;
  asio::ip::udp::resolver resolver_;
  asio::steady_timer timer_;
  std::optional<asio::ip::udp::endpoint> peer_;  // Nothing: its name has no address yet.
  bool resolving_ = false;
  bool stopped_ = false;
  Beat said_;
  asio::ip::udp::endpoint sender_;
  std::array<char, 2 * kHeartbeatSize> input_{};  // A longer datagram is cut, and refused.
  std::string warned_;
  Instant warned_at_;
};

}  // namespace tandemq
