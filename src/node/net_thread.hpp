// NetThread: a hub with a thread and a loop of its own, and the mailboxes between it and the core.
// Owned by node; the methods are for the core thread.
#pragma once

#include "base/mailbox.hpp"
#include "net/hub.hpp"

#include <functional>
#include <thread>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

namespace tandemq {

// The sockets and timers of a loop belong to its one thread, so they need no locks; what comes from
// other threads comes by post(), which keeps its own.
inline constexpr int kOneThread = static_cast<int>(ASIO_CONCURRENCY_HINT_UNSAFE_IO);

class NetThread {
 public:
  NetThread(std::uint8_t sink, const ListenerLimits& limits, HubPorts ports);
  ~NetThread();
  NetThread(const NetThread&) = delete;
  NetThread& operator=(const NetThread&) = delete;

  void start();
  void stop();  // Waits for the thread's end; then its loop may be taken down by the caller.
  void carry_out(Outputs&& outputs);
  void events_taken(std::size_t count);
  void set_limits(const ListenerLimits& limits);

  [[nodiscard]] Hub& hub() { return hub_; }  // For what any thread may call.
  [[nodiscard]] asio::io_context& io() { return io_; }

 private:
  struct Work {
    Outputs outputs;
    std::size_t events_taken = 0;
  };
  void put(Outputs&& outputs);
  void drain();  // The hub's thread.

  asio::io_context io_{kOneThread};
  Hub hub_;
  Mailbox<Work> work_;
  std::vector<Work> drained_;     // The hub's thread; kept for its capacity.
  std::size_t events_taken_ = 0;  // Not told to the hub yet.
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  std::thread thread_;
};

}  // namespace tandemq
