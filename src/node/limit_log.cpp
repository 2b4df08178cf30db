#include "node/limit_log.hpp"

namespace tandemq {
namespace {

constexpr std::int64_t kLimitLineMs = 10'000;

std::string_view what_happens(Limit limit) {
  switch (limit) {
    case Limit::max_connections:
    case Limit::connections_per_address:
    case Limit::connections_per_user:
    case Limit::connect_rate_per_address:
    case Limit::memory_connections:
      return "connections were refused";
    case Limit::message_rate:
    case Limit::byte_rate:
    case Limit::memory_publishers:
      return "publishers were not read from";
    case Limit::max_packet_size:
    case Limit::receive_maximum:
      return "clients were disconnected";
    case Limit::topic_levels_max:
    case Limit::subscriptions_max:
    case Limit::retained_messages_max:
    case Limit::retained_bytes_max:
    case Limit::count:
      break;
  }
  return "requests were refused";
}

}  // namespace

void LimitLog::look(const LimitHits& hits, Instant now) {
  for (std::size_t i = 0; i < kLimits; ++i) {
    const auto limit = static_cast<Limit>(i);
    const std::uint64_t count = hits.count(limit);
    if (count == told_[i]) continue;
    if (told_[i] > 0 && ms_between(told_at_[i], now) < kLimitLineMs) continue;
    std::string text = std::string(key(limit)) + " was reached, " +
                       std::string(what_happens(limit)) + ": " + std::to_string(count - told_[i]) +
                       (told_[i] > 0 ? " times more" : " times");
    if (!hits.last(limit).empty()) text += ", last '" + hits.last(limit) + "'";
    warn_(text);
    told_[i] = count;
    told_at_[i] = now;
  }
}

}  // namespace tandemq
