// LimitHits: how often each limit was reached, and by whom last, for the metrics and the log. What
// a limit does to messages in a queue or an outbox is counted by Drops instead.
// Owned by the broker's World; core thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tandemq {

enum class Limit : std::uint8_t {
  max_connections,
  connections_per_address,
  connections_per_user,
  connect_rate_per_address,
  message_rate,
  byte_rate,
  max_packet_size,
  receive_maximum,
  topic_levels_max,
  subscriptions_max,
  retained_messages_max,
  retained_bytes_max,
  memory_publishers,  // Held, see Overload.
  memory_connections,
  count,
};

constexpr std::size_t kLimits = static_cast<std::size_t>(Limit::count);

std::string_view name(Limit limit);  // For the metrics.
std::string_view key(Limit limit);   // Of its option.

class LimitHits {
 public:
  void add(Limit limit, std::string_view who) {
    ++counts_[static_cast<std::size_t>(limit)];
    who_[static_cast<std::size_t>(limit)] = who;
  }
  [[nodiscard]] const std::array<std::uint64_t, kLimits>& counts() const { return counts_; }
  [[nodiscard]] std::uint64_t count(Limit limit) const {
    return counts_[static_cast<std::size_t>(limit)];
  }
  [[nodiscard]] const std::string& last(Limit limit) const {
    return who_[static_cast<std::size_t>(limit)];
  }

 private:
  std::array<std::uint64_t, kLimits> counts_{};
  std::array<std::string, kLimits> who_;
};

}  // namespace tandemq
