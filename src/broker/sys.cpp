#include "broker/sys.hpp"

#include "base/version.hpp"
#include "broker/deliver.hpp"
#include "broker/route.hpp"
#include "topic/name.hpp"

#include <numeric>
#include <utility>

namespace tandemq {
namespace {

template <class Counts>
std::string sum(const Counts& counts) {
  return std::to_string(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
}

std::vector<std::pair<std::string, std::string>> values(const Turn& turn) {
  const World& world = turn.world;
  const std::int64_t uptime_s = ms_between(world.started_at, turn.now) / 1000;
  return {
      {"$SYS/broker/version", "tandemq " + std::string(kVersion)},
      {"$SYS/broker/uptime", std::to_string(uptime_s) + " seconds"},
      {"$SYS/broker/clients/connected", std::to_string(turn.world.connections.size())},
      {"$SYS/broker/clients/total", std::to_string(turn.state.session_count())},
      {"$SYS/broker/messages/received", sum(world.counters.messages_received)},
      {"$SYS/broker/messages/sent", sum(world.counters.messages_sent)},
      {"$SYS/broker/messages/dropped", std::to_string(world.drops.total())},
      {"$SYS/broker/retained messages/count", std::to_string(turn.state.retained_topics().size())},
      {"$SYS/broker/subscriptions/count", std::to_string(turn.state.subscriptions().size())},
  };
}

Message message_of(const Turn& turn, const std::pair<std::string, std::string>& value) {
  Message message;
  message.topic = value.first;
  message.payload = value.second;
  message.published_at = turn.now;
  return message;
}

}  // namespace

void schedule_sys(Turn& turn) {
  const std::uint32_t interval_s = turn.world.config.mqtt.sys_interval_s;
  if (interval_s > 0) turn.watch(turn.now.plus_s(interval_s), {Due::Kind::sys, 0, {}});
}

void publish_sys(Turn& turn) {
  if (turn.world.config.mqtt.sys_interval_s == 0) return;  // Switched off while it ran.
  schedule_sys(turn);
  auto current = values(turn);
  for (std::size_t i = 0; i < current.size(); ++i) {
    const auto& before = turn.world.sys_values;
    const bool same = i < before.size() && before[i].second == current[i].second;
    if (same) continue;
    Publication publication{std::make_shared<Message>(message_of(turn, current[i]))};
    route(turn, publication);
  }
  turn.world.sys_values = std::move(current);
}

void send_sys(Turn& turn, Connection& connection, std::string_view filter,
              const Subscription& subscription) {
  if (!filter.starts_with("$SYS") || turn.world.config.mqtt.sys_interval_s == 0) return;
  for (const auto& value : values(turn)) {
    if (!matches(filter, value.first)) continue;
    SubscriptionIds ids;
    if (subscription.identifier != 0) ids.push_back(subscription.identifier);
    assign(turn, *turn.state.session(connection.session),
           std::make_shared<const Message>(message_of(turn, value)),
           {mqtt::QoS::at_most_once, true, 0, std::move(ids)});
  }
}

}  // namespace tandemq
