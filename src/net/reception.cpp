#include "net/reception.hpp"

#include <algorithm>
#include <utility>

#include <unistd.h>

namespace tandemq {

Reception::Reception(std::vector<Hub*> hubs, const ListenerLimits& limits,
                     std::function<void(const std::string&)> warn)
    : hubs_(std::move(hubs)), limits_(limits), warn_(std::move(warn)) {
  set_limits(limits);
}

void Reception::set_limits(const ListenerLimits& limits) {
  limits_ = limits;
  budgets_.clear();
  for (std::size_t i = 0; i < limits.size(); ++i)
    budgets_.emplace_back(limits.of(static_cast<std::uint16_t>(i)).accept_rate);
}

Instant Reception::next_at(std::uint16_t listener, Instant now) {
  return std::max(budget_of(0).next_at(now), budget_of(listener).next_at(now));
}

void Reception::welcome(int socket, std::unique_ptr<Origin> origin, Transport transport,
                        Instant now) {
  const std::uint16_t listener = origin->listener_number;
  take_budget(listener);
  const std::uint64_t most = limits_.of(0).max_connections;
  const std::uint64_t most_here = limits_.of(listener).max_connections;
  if (connections() >= most) return turn_away(socket, most, "", now);
  if (listener > 0 && connections_of(listener) >= most_here)
    return turn_away(socket, most_here, " at " + origin->listener, now);
  origin->entropy = entropy_.take();
  hubs_[next_hub_]->offer(socket, std::move(origin), std::move(transport));
  next_hub_ = (next_hub_ + 1) % hubs_.size();
}

void Reception::refuse_stranger(int socket, const Origin& origin, Instant now) {
  take_budget(origin.listener_number);
  strangers_.fetch_add(1, std::memory_order_relaxed);
  ::close(socket);
  report_full("a connection from " + origin.address + " to " + origin.listener +
                  " is refused: only the addresses of its parameter proxy may come",
              now);
}

void Reception::take_budget(std::uint16_t listener) {
  budget_of(0).take();
  if (&budget_of(listener) != &budget_of(0)) budget_of(listener).take();
}

void Reception::turn_away(int socket, std::uint64_t most, const std::string& where, Instant now) {
  turned_away_.fetch_add(1, std::memory_order_relaxed);
  ::close(socket);
  report_full("limits.max_connections = " + std::to_string(most) + " is reached" + where +
                  "; connections are turned away",
              now);
}

std::uint64_t Reception::connections_of(std::uint16_t listener) const {
  std::uint64_t count = 0;
  for (const Hub* hub : hubs_) {
    const HubCounters& counters = hub->counters();
    count += counters.by_listener[counters.place_of(listener)].load(std::memory_order_relaxed);
  }
  return count;
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
