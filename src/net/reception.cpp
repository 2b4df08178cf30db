#include "net/reception.hpp"

#include <utility>

#include <unistd.h>

namespace tandemq {

Reception::Reception(std::vector<Hub*> hubs, const LimitsConfig& limits,
                     std::function<void(const std::string&)> warn)
    : hubs_(std::move(hubs)),
      connections_max_(limits.max_connections),
      budget_(limits.accept_rate),
      warn_(std::move(warn)) {}

void Reception::set_limits(const LimitsConfig& limits) {
  connections_max_ = limits.max_connections;
  budget_.set_rate(limits.accept_rate);
}

void Reception::welcome(int socket, std::unique_ptr<Origin> origin, Transport transport,
                        Instant now) {
  budget_.take();
  if (connections() >= connections_max_) {
    ++turned_away_;
    ::close(socket);
    return report_full("limits.max_connections = " + std::to_string(connections_max_) +
                           " is reached; connections are turned away",
                       now);
  }
  origin->entropy = entropy_.take();
  hubs_[next_hub_]->offer(socket, std::move(origin), std::move(transport));
  next_hub_ = (next_hub_ + 1) % hubs_.size();
}

void Reception::refuse_stranger(int socket, const Origin& origin, Instant now) {
  budget_.take();
  strangers_.fetch_add(1, std::memory_order_relaxed);
  ::close(socket);
  report_full("a connection from " + origin.address + " to " + origin.listener +
                  " is refused: only the addresses of its parameter proxy may come",
              now);
}

void Reception::report_full(const std::string& why, Instant now) {
  if (ms_between(warned_at_, now) < 1'000) return;
  warned_at_ = now;
  warn_(why);
}

std::uint64_t Reception::connections() const {
  std::uint64_t count = 0;
  for (const Hub* hub : hubs_) {
    count += hub->counters().connections.load(std::memory_order_relaxed);
  }
  return count;
}

HandshakeCounts Reception::handshakes() const {
  HandshakeCounts counts;
  for (const Hub* hub : hubs_) {
    const HubCounters& counters = hub->counters();
    counts.full += counters.handshakes_full.load(std::memory_order_relaxed);
    counts.resumed += counters.handshakes_resumed.load(std::memory_order_relaxed);
    counts.failed += counters.handshakes_failed.load(std::memory_order_relaxed);
  }
  return counts;
}

UpgradeCounts Reception::upgrades() const {
  UpgradeCounts counts;
  for (const Hub* hub : hubs_) {
    counts.done += hub->counters().upgrades_done.load(std::memory_order_relaxed);
    counts.refused += hub->counters().upgrades_refused.load(std::memory_order_relaxed);
  }
  return counts;
}

ProxyCounts Reception::proxy_refusals() const {
  ProxyCounts counts;
  counts.strangers = strangers_.load(std::memory_order_relaxed);
  for (const Hub* hub : hubs_)
    counts.headers += hub->counters().proxy_headers_refused.load(std::memory_order_relaxed);
  return counts;
}

}  // namespace tandemq
