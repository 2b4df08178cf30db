// PasswordWorkers: a thread for hashing passwords and verifying tokens, which takes up to seconds
// and must not hold up the core. More logins than its queue takes are refused, so that a flood of
// them costs no memory. Owned by node; check() may be called by any thread.
#pragma once

#include "broker/event.hpp"
#include "broker/output.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

namespace tandemq {

class PasswordWorkers {
 public:
  static constexpr std::uint32_t kWaitingMax = 1'000;  // Checks.

  // `answer` is called by any thread.
  explicit PasswordWorkers(std::function<void(PasswordChecked)> answer);
  ~PasswordWorkers();  // Finishes the check that runs and drops those that wait.
  PasswordWorkers(const PasswordWorkers&) = delete;
  PasswordWorkers& operator=(const PasswordWorkers&) = delete;

  void check(ConnectionId connection, CheckPassword check);

 private:
  std::function<void(PasswordChecked)> answer_;
  std::atomic<std::uint32_t> waiting_{0};
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace tandemq
