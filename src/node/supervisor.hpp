// Supervisor: tells systemd how the service is, and that its core thread is alive, as often as the
// unit's WatchdogSec asks. Says nothing when it was not systemd that started us.
// Owned by node; core thread.
#pragma once

#include <chrono>
#include <string>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace tandemq {

class Supervisor {
 public:
  explicit Supervisor(asio::io_context& io);

  // Before there is a loop: the start goes on, and needs more time.
  static void tell_progress(const std::string& status);
  void ready(const std::string& status);
  void reloading();  // Until ready() is called again.
  void stopping();

 private:
  void feed_watchdog();

  asio::steady_timer timer_;
  std::chrono::microseconds interval_{0};  // Zero: no watchdog.
};

}  // namespace tandemq
