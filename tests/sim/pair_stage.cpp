#include "tests/sim/pair_stage.hpp"

#include "session/session.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tandemq::sim {
namespace {

constexpr std::array<std::string_view, 5> kSettings = {"witness", "heartbeat", "gateway", "fence",
                                                       "manual"};
constexpr std::array kPolicies = {FailoverPolicy::heartbeat, FailoverPolicy::heartbeat,
                                  FailoverPolicy::gateway, FailoverPolicy::fence,
                                  FailoverPolicy::manual};
constexpr std::int64_t kLong_ms = 3'600'000;
constexpr std::uint32_t kTogether_ms = 30'000;  // Whoever was lost often is admitted late.
// What a witness loses by the way is a matter of the random runs: it may end a term.
constexpr std::uint32_t kWitnessLostOnceIn = UINT32_MAX;

PairPlan plan_under(Setting setting, const PairScenario& scenario, Luck& luck) {
  PairPlan pair;
  pair.plan = plan_for(luck);
  // A publisher, somebody with habits, and one who gets everything: few, so that a play is short.
  std::vector<Role>& roles = pair.plan.roles;
  const auto subscribes = [](const Role& role) { return !role.publishes; };
  roles = {roles.front(), *std::find_if(roles.begin(), roles.end(), subscribes), Role{}};
  roles.back().id = "steady";
  roles.back().number = 2;
  roles.back().expiry_s = kNeverExpires;
  roles.back().filters = {"#"};
  pair.plan.step_ms = 100;
  pair.plan.writer_lag_ms = 1 + luck.below(5);
  pair.wire_lag_ms = 1 + luck.below(10);
  pair.restart_steps = 1;
  pair.second_path = true;
  pair.witness_lost_once_in = kWitnessLostOnceIn;
  pair.witness = setting == Setting::witness;
  Config& config = pair.plan.config;
  config.replication.peer = "the other one";
  config.replication.mode = luck.once_in(2) ? ReplicationMode::written : ReplicationMode::flushed;
  config.failover.policy = kPolicies[static_cast<std::size_t>(setting)];
  if (setting == Setting::gateway) config.failover.gateways = {"the router"};
  if (pair.witness) config.witness.etcd = {"in memory"};
  if (scenario.arrange != nullptr) scenario.arrange(pair);
  return pair;
}

std::string named(NodeIndex node) {
  return node == kA ? "node a" : "node b";
}

}  // namespace

std::string_view name_of(Setting setting) {
  return kSettings[static_cast<std::size_t>(setting)];
}

PairStage::PairStage(const PairScenario& scenario, Setting setting, std::uint64_t seed,
                     PairFault fault, std::ostream* story)
    : scenario_(scenario),
      setting_(setting),
      story_(story),
      simulation_(seed, fault, story,
                  [this](Luck& luck, Luck&) { return plan_under(setting_, scenario_, luck); }),
      parts_(simulation_.parts()) {
  simulation_.watch([this] { return watch(); });
}

PairOutcome PairStage::play() {
  set_out();
  if (!simulation_.found()) scenario_.script(*this);
  if (!simulation_.found()) come_together();
  PairOutcome outcome = simulation_.end();
  if (!outcome.findings.empty()) return outcome;
  check(leads(last_), named(last_) + " leads in the end");
  const std::size_t lost = parts_.judge.lost(parts_.nodes[last_].end());
  if (both_led_ || counts().losses == 0)
    check(lost == 0, "of what was let out nothing is lost that is not exported");
  outcome.findings = parts_.judge.findings();
  return outcome;
}

void PairStage::tell(const std::string& what) const {
  if (story_ != nullptr) *story_ << parts_.world.now.ms << " -- " << what << '\n';
}

void PairStage::set_out() {
  simulation_.begin();
  parts_.net.heal(parts_.world.now);  // No bit flips by itself.
  pass(50);
  if (!is(Setting::witness)) promote(kA);
  leads_within(kA, 2'000);
  in_sync_within(5'000);
  acknowledges_within(3'000);
  pass(50 + below(400));
}

void PairStage::come_together() {
  tell("all is well again");
  heal();
  for (const NodeIndex node : {kA, kB}) {
    slow_disk(node, parts_.world.plan.plan.writer_lag_ms);
    if (parts_.nodes[node].hangs()) go_on(node);
    if (has_ended(node)) start(node);
  }
  in_sync_within(kTogether_ms);
}

bool PairStage::watch() {
  if (!both_lead()) {
    both_since_ = Instant::never();
  } else if (both_may_lead_) {
    if (!std::exchange(both_led_, true)) parts_.judge.permit_loss("both lead");
  } else {
    both_since_ = std::min(both_since_, parts_.world.now);
    if (ms_between(both_since_, parts_.world.now) >= overlap_max_ms_)
      parts_.judge.find("two nodes serve at once");
  }
  for (const Ban& ban : bans_)
    if (ban.condition()) parts_.judge.find(ban.what);
  return simulation_.found() || (goal_ && goal_());
}

// ---------------------------------------------------------------- what fails

void PairStage::crash(NodeIndex node) {
  simulation_.fail(node, false);
}

void PairStage::lose_power(NodeIndex node) {
  parts_.net.set_dark(node, true);
  simulation_.fail(node, true);
}

void PairStage::start(NodeIndex node) {
  parts_.net.set_dark(node, false);
  parts_.nodes[node].start();
}

void PairStage::hang(NodeIndex node) {
  tell(named(node) + " hangs");
  parts_.nodes[node].set_hanging(true);
  parts_.net.set_frozen(node, true);
  parts_.beats.set_frozen(node, true);
  simulation_.lose_clients(node);
}

void PairStage::go_on(NodeIndex node) {
  tell(named(node) + " goes on");
  parts_.nodes[node].set_hanging(false);
  parts_.net.set_frozen(node, false);
  parts_.beats.set_frozen(node, false);
}

void PairStage::end_connections() {
  tell("the connections are cut");
  parts_.net.cut(parts_.world.now);
}

void PairStage::cut_link() {
  tell("the link is cut");
  for (const NodeIndex node : {kA, kB}) parts_.net.stall(node, parts_.world.now.plus_ms(kLong_ms));
}

void PairStage::cut_beats() {
  tell("the second path is cut");
  for (const NodeIndex node : {kA, kB}) parts_.beats.cut(node, parts_.world.now.plus_ms(kLong_ms));
}

void PairStage::cut_towards(NodeIndex node, bool beats_too) {
  tell(std::string(beats_too ? "both paths are" : "the link is") + " cut towards " + named(node));
  parts_.net.stall(node, parts_.world.now.plus_ms(kLong_ms));
  if (beats_too) parts_.beats.cut(node, parts_.world.now.plus_ms(kLong_ms));
}

void PairStage::cut_witness(NodeIndex node) {
  tell("the witness is out of reach of " + named(node));
  parts_.witness.set_reachable(node == kA ? "a" : "b", false);
}

void PairStage::stall_witness(bool stalls) {
  tell(stalls ? "the witness stalls" : "the witness works");
  parts_.witness.set_stalled(stalls);
}

void PairStage::cut_gateways(NodeIndex node) {
  tell("no gateway answers " + named(node));
  parts_.world.off_until[node] = parts_.world.now.plus_ms(kLong_ms);
}

void PairStage::cut_off(NodeIndex node) {
  cut_both();
  cut_witness(node);
  cut_gateways(node);
}

void PairStage::heal_paths() {
  const Instant now = parts_.world.now;
  tell("the paths between the nodes are whole");
  parts_.net.heal(now);
  parts_.net.set_longest(SIZE_MAX);
  close_link(false);
  parts_.beats.heal(now);
  parts_.world.off_until = {now, now};
}

void PairStage::heal() {
  heal_paths();
  parts_.witness.set_stalled(false);
  for (const char* node : {"a", "b"}) parts_.witness.set_reachable(node, true);
}

void PairStage::promote(NodeIndex node, bool forced) {
  if (simulation_.found()) return;
  tell(std::string("promote ") + named(node) + (forced ? " by force" : ""));
  check(parts_.nodes[node].follows(), named(node) + " can be promoted");
  if (!simulation_.found()) parts_.nodes[node].promote(forced);
}

void PairStage::switch_over() {
  if (!simulation_.found()) parts_.nodes[kA].switch_over();
}

void PairStage::repair_witness() {
  if (!simulation_.found()) parts_.nodes[kA].repair_witness();
}

// ---------------------------------------------------------------- what is promised

void PairStage::check(bool holds, const std::string& what) {
  if (!holds && !simulation_.found()) parts_.judge.find("it does not hold that " + what);
}

void PairStage::pass(std::uint32_t ms) {
  simulation_.pass(parts_.world.now.plus_ms(ms));
}

void PairStage::within(std::uint32_t ms, const std::string& what, const Condition& condition) {
  if (simulation_.found()) return;
  const Instant from = parts_.world.now;
  goal_ = condition;
  pass(ms);
  goal_ = nullptr;
  if (simulation_.found()) return;
  if (!condition()) return parts_.judge.find("not within " + std::to_string(ms) + " ms: " + what);
  tell("after " + std::to_string(ms_between(from, parts_.world.now)) + " ms: " + what);
}

void PairStage::throughout(std::uint32_t ms, const std::string& what, const Condition& condition) {
  if (simulation_.found()) return;
  goal_ = [&condition] { return !condition(); };
  pass(ms);
  goal_ = nullptr;
  check(simulation_.found() || condition(), what);
}

void PairStage::leads_within(NodeIndex node, std::uint32_t ms) {
  within(ms, named(node) + " leads", [&] { return leads(node); });
}

void PairStage::one_leads_within(std::uint32_t ms) {
  within(ms, "one of them leads", [&] { return leads(kA) || leads(kB); });
  leads_in_the_end(leads(kA) ? kA : kB);
}

void PairStage::keeps_leading(NodeIndex node, std::uint32_t ms) {
  throughout(ms, named(node) + " goes on leading", [&] { return leads(node); });
}

void PairStage::nobody_leads_for(std::uint32_t ms) {
  throughout(ms, "nobody leads", [&] { return !leads(kA) && !leads(kB); });
}

void PairStage::acknowledges_within(std::uint32_t ms) {
  const Position before = parts_.judge.last_released();
  within(ms, "something new is acknowledged",
         [&] { return parts_.judge.last_released() != before; });
}

void PairStage::in_sync_within(std::uint32_t ms) {
  within(ms, "both are in sync", [&] { return are_in_sync(); });
}

void PairStage::never(std::string what, Condition condition) {
  bans_.push_back({std::move(what), std::move(condition)});
}

void PairStage::never_leads(NodeIndex node) {
  never(named(node) + " leads", [this, node] { return leads(node); });
}

bool PairStage::leads(NodeIndex node) const {
  const PairNode& one = parts_.nodes[node];
  return one.serves() && !one.feed().has_offered();
}

bool PairStage::are_in_sync() const {
  if (parts_.world.insync.size() < 2) return false;
  for (const NodeIndex node : {kA, kB})
    if (leads(node) && parts_.nodes[other(node)].follows())
      return parts_.nodes[node].feed().status(parts_.world.now).commit ==
             CommitPoint::Phase::paired;
  return false;
}

}  // namespace tandemq::sim
