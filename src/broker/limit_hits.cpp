#include "broker/limit_hits.hpp"

#include <iterator>

namespace tandemq {
namespace {

struct LimitRow {
  std::string_view name;
  std::string_view key;
};

// In the order of Limit.
constexpr LimitRow kLimitRows[] = {
    {"max_connections", "limits.max_connections"},
    {"connections_per_address", "limits.connections_per_address"},
    {"connections_per_user", "limits.connections_per_user"},
    {"connect_rate_per_address", "limits.connect_rate_per_address"},
    {"message_rate", "limits.message_rate"},
    {"byte_rate", "limits.byte_rate"},
    {"max_packet_size", "limits.max_packet_size"},
    {"receive_maximum", "limits.receive_maximum"},
    {"topic_levels_max", "limits.topic_levels_max"},
    {"subscriptions_max", "limits.subscriptions_max"},
    {"retained_messages_max", "limits.retained_messages_max"},
    {"retained_bytes_max", "limits.retained_bytes_max"},
    {"memory_publishers", "memory.max_bytes"},
    {"memory_connections", "memory.max_bytes"},
};
static_assert(std::size(kLimitRows) == kLimits);

}  // namespace

std::string_view name(Limit limit) {
  return kLimitRows[static_cast<std::size_t>(limit)].name;
}

std::string_view key(Limit limit) {
  return kLimitRows[static_cast<std::size_t>(limit)].key;
}

}  // namespace tandemq
