// Reception: where all listeners bring their new sockets. It keeps the rate and the number of
// connections within their limits and hands the sockets to the hubs in turn.
// Owned by node; the thread of the listeners.
#pragma once

#include "base/time.hpp"
#include "config/listener_limits.hpp"
#include "net/accept_budget.hpp"
#include "net/entropy.hpp"
#include "net/hub.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tandemq {

struct HandshakeCounts {
  std::uint64_t full = 0;
  std::uint64_t resumed = 0;
  std::uint64_t failed = 0;
};

struct UpgradeCounts {
  std::uint64_t done = 0;
  std::uint64_t refused = 0;
};

// Connections to listeners for proxies that were refused.
struct ProxyCounts {
  std::uint64_t strangers = 0;  // They came from elsewhere,
  std::uint64_t headers = 0;    // or had no PROXY header, or a bad one, or too late.
};

class Reception {
 public:
  // The hubs outlive it. `warn` is called at most once a second.
  Reception(std::vector<Hub*> hubs, const ListenerLimits& limits,
            std::function<void(const std::string&)> warn);

  void set_limits(const ListenerLimits& limits);

  // When the listener may accept its next connection: now, or later.
  [[nodiscard]] Instant next_at(std::uint16_t listener, Instant now);
  void welcome(int socket, std::unique_ptr<Origin> origin, Transport transport, Instant now);
  // It comes to a listener for proxies and is none of them. Closes the socket.
  void refuse_stranger(int socket, const Origin& origin, Instant now);
  void report_full(const std::string& why, Instant now);

  [[nodiscard]] std::uint64_t connections() const;  // Of all hubs.
  [[nodiscard]] HandshakeCounts handshakes() const;
  [[nodiscard]] UpgradeCounts upgrades() const;
  [[nodiscard]] ProxyCounts proxy_refusals() const;  // Any thread.
  // By limits.max_connections; any thread.
  [[nodiscard]] std::uint64_t turned_away() const { return turned_away_.load(); }

 private:
  void take_budget(std::uint16_t listener);
  void turn_away(int socket, std::uint64_t most, const std::string& where, Instant now);
  [[nodiscard]] std::uint64_t connections_of(std::uint16_t listener) const;
  [[nodiscard]] AcceptBudget& budget_of(std::uint16_t listener) {
    return budgets_[listener < budgets_.size() ? listener : 0];
  }

  std::vector<Hub*> hubs_;
  std::size_t next_hub_ = 0;
  ListenerLimits limits_;
  std::vector<AcceptBudget> budgets_;  // The first is that of all, then each listener's.
  Entropy entropy_;
  std::function<void(const std::string&)> warn_;
  Instant warned_at_;
  std::atomic<std::uint64_t> turned_away_{0};
  std::atomic<std::uint64_t> strangers_{0};
};

}  // namespace tandemq
