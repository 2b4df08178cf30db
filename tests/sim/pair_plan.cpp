#include "tests/sim/pair_plan.hpp"

#include <algorithm>
#include <array>

namespace tandemq::sim {
namespace {

constexpr std::array<std::string_view, 4> kModes = {"async", "received", "written", "flushed"};
constexpr std::array<std::string_view, static_cast<std::size_t>(PairFault::count)> kFaults = {
    "none",
    "acknowledges early",
    "skips a record",
    "wrong fork",
    "applies twice",
    "trims too early",
    "ignores the term",
    "forgets TermStart",
    "loses incoming ids",
    "releases unordered",
    "promotes behind",
    "tables unsettled",
    "alone unnoted",
    "skips a row",
    "flushed too early",
    "keeps the tail",
    "alone unproven",
    "claims anyway",
    "notes nothing",
    "claims cut off",
    "alone cut off",
    "forgets its offer",
};

// Of the topics of the clients, some.
std::vector<AckRule> acks_for(Luck& luck) {
  constexpr std::array kFilters = {"t/0", "s/#", "t/1", "r/#", "s/0"};
  constexpr std::array kLevels = {CommitLevel::memory, CommitLevel::local, CommitLevel::written,
                                  CommitLevel::flushed, CommitLevel::flushed};
  std::vector<AckRule> rules;
  for (const char* filter : kFilters)
    if (luck.once_in(2))
      rules.push_back({kLevels[luck.below(kLevels.size())], AckRule::About::topic, filter});
  return rules;
}

// Whoever does not see the other one by any path has itself no network, or the other one has none:
// only so does `gateway` promise anything. So the second path fails with the gateways.
void draw_paths(PairPlan& pair, Luck& more) {
  pair.second_path = more.once_in(2);
  if (!pair.second_path || !more.once_in(2)) return;
  FailoverConfig& failover = pair.plan.config.failover;
  failover.policy = FailoverPolicy::gateway;
  failover.gateways = {"the router"};
  std::uint32_t& timeout_ms = pair.plan.config.replication.timeout_ms;
  timeout_ms = std::max(timeout_ms, 2 * failover.silent_ms);
}

}  // namespace

PairPlan pair_plan_for(Luck& luck, Luck& more) {
  PairPlan pair;
  pair.plan = plan_for(luck);
  ReplicationConfig& replication = pair.plan.config.replication;
  replication.peer = "the other one";
  constexpr std::array kLikely = {ReplicationMode::written,  ReplicationMode::written,
                                  ReplicationMode::flushed,  ReplicationMode::flushed,
                                  ReplicationMode::received, ReplicationMode::async};
  replication.mode = kLikely[luck.below(kLikely.size())];
  replication.timeout_ms = 200 + luck.below(1'000);
  replication.max_lag_bytes = 1'000 + luck.below(20'000);
  replication.log_bytes_max = luck.below(luck.once_in(2) ? 4'000 : 40'000);
  if (luck.once_in(3)) replication.image_bytes_per_s = 1'000 + luck.below(100'000);
  if (luck.once_in(2)) pair.plan.config.store.log_bytes_max = luck.below(4'000);
  pair.forces = luck.once_in(4);
  pair.wire_lag_ms = 1 + luck.below(luck.once_in(4) ? 150 : 10);
  pair.plan.writer_lag_ms = 1 + luck.below(luck.once_in(4) ? 100 : 20);
  pair.trouble = luck.once_in(6) ? 1'000 : 20 + luck.below(100);
  pair.restart_steps = 1 + luck.below(20);
  pair.channels = luck.once_in(12);
  if (luck.once_in(2)) pair.plan.config.acks = acks_for(luck);
  FailoverConfig& failover = pair.plan.config.failover;
  failover.policy = luck.once_in(2) ? FailoverPolicy::fence : FailoverPolicy::manual;
  replication.heartbeat_ms = 20 + luck.below(40);
  // Nobody is switched off only because the network is as slow as it always is.
  const std::uint32_t quick_ms = 100 + 4 * pair.wire_lag_ms + pair.plan.writer_lag_ms;
  if (failover.policy == FailoverPolicy::fence)
    replication.timeout_ms = std::max(replication.timeout_ms, 2 * quick_ms);
  failover.silent_ms = quick_ms + luck.below(500);
  draw_paths(pair, more);
  pair.dies_early = 20;
  // Not drawn, so that the runs without one stay what they were.
  pair.witness = failover.silent_ms % 4 == 0;
  if (pair.witness) {
    pair.plan.config.witness.etcd = {"in memory"};
    failover.policy = failover.silent_ms % 8 == 0 ? FailoverPolicy::heartbeat : failover.policy;
  }
  return pair;
}

std::string_view name_of(ReplicationMode mode) {
  return kModes[static_cast<std::size_t>(mode)];
}

std::string_view name_of(PairFault fault) {
  return kFaults[static_cast<std::size_t>(fault)];
}

}  // namespace tandemq::sim
