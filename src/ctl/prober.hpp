// Prober: asks addresses again and again whether they serve, as a client does that connects anew:
// every 10 ms a connection to each, on which a plain listener has to answer CONNECT with CONNACK,
// and another one has to accept. What has no answer within a second has none. A refusal is an
// answer, but for "server unavailable".
// Owned by main, whose thread calls it; it works in a thread of its own.
#pragma once

#include "base/mailbox.hpp"
#include "base/result.hpp"
#include "ctl/drill.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq {

class Prober {
 public:
  using Clock = std::chrono::steady_clock;
  struct Answer {
    Clock::time_point asked;
    Clock::time_point answered;
  };

  Prober() = default;
  ~Prober();  // Ends its thread.
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // Once. The error says which name has no address.
  Result<void> start(const std::vector<DrillTarget>& targets);
  // The answers since the last call.
  [[nodiscard]] std::vector<Answer> take();
  [[nodiscard]] std::uint64_t asked() const { return asked_.load(); }  // Since the start.

 private:
  struct Target {
    asio::ip::tcp::endpoint endpoint;
    bool speaks_mqtt = true;
  };
  struct Probe;

  void ask_all();

  asio::io_context io_;
  asio::steady_timer timer_{io_};
  std::vector<Target> targets_;
  std::atomic<std::uint64_t> asked_{0};
  Mailbox<Answer> answers_{kNoBound, [] {}};
  std::thread thread_;
};

}  // namespace tandemq
