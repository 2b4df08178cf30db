// Waker: sends the ACKs of wake.hpp after a takeover: when the address of the old connections is on
// this machine, at a bounded rate, and again, for what the network has lost while it learnt where
// the address is now. It needs CAP_NET_RAW and decides nothing.
// Owned by node; the core's io_context and thread.
#pragma once

#include "base/four_tuple.hpp"
#include "base/result.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq::failover {

class Waker {
 public:
  using Log = std::function<void(const std::string&)>;

  // `vip`: with or without /prefix; only its clients are woken. Empty: all whose address is here.
  Waker(asio::io_context& io, const std::string& vip, Log log);
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  // Whether this process may send such segments; the error says what it lacks.
  static Result<void> check();
  // The listeners are open. A second call ends the first.
  void wake(std::vector<FourTuple> clients);
  void stop();
  // Segments, since the start.
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  using Address = std::array<std::uint8_t, 16>;

  void later(std::chrono::milliseconds pause, void (Waker::*step)());
  void await_address();
  void send_some();
  void close_sockets();
  // Bound to that address; -1: none can be had.
  int socket_of(const FourTuple& client);

  asio::steady_timer timer_;
  const std::string vip_;  // 4 or 16 bytes.
  const Log log_;
  std::vector<FourTuple> clients_;
  std::map<std::pair<bool, Address>, int> sockets_;
  std::chrono::steady_clock::time_point deadline_;
  std::size_t next_ = 0;  // Of clients_.
  std::size_t round_ = 0;
  std::uint32_t sequence_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace tandemq::failover
