#include "node/supervisor.hpp"

#include <cstdint>

#include <systemd/sd-daemon.h>

namespace tandemq {
namespace {

// A failure means that nobody listens, which changes nothing for the broker.
void tell(const std::string& state) {
  static_cast<void>(::sd_notify(0, state.c_str()));
}

}  // namespace

Supervisor::Supervisor(asio::io_context& io) : timer_(io) {
  std::uint64_t limit_us = 0;
  if (::sd_watchdog_enabled(0, &limit_us) > 0) {
    interval_ = std::chrono::microseconds(limit_us / 3);  // One may come late, and one more.
  }
}

void Supervisor::tell_progress(const std::string& status) {
  tell("EXTEND_TIMEOUT_USEC=60000000\nSTATUS=" + status);
}

void Supervisor::ready(const std::string& status) {
  tell("READY=1\nSTATUS=" + status);
  feed_watchdog();
}

void Supervisor::reloading() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto now_us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now_us));
}

void Supervisor::stopping() {
  tell("STOPPING=1");
}

void Supervisor::feed_watchdog() {
  if (interval_.count() == 0) return;
  tell("WATCHDOG=1");
  timer_.expires_after(interval_);
  timer_.async_wait([this](const asio::error_code& error) {
    if (!error) feed_watchdog();
  });
}

}  // namespace tandemq
