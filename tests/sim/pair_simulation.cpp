#include "tests/sim/pair_simulation.hpp"

#include "config/ack_rule.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {
namespace {

constexpr std::size_t kAll = SIZE_MAX;
constexpr int kEventsMax = 20'000;           // Of one moment.
constexpr std::uint32_t kMoveEvery = 12;     // Steps between two switchovers, about.
constexpr std::uint64_t kApart = 1'000'001;  // With it the regression seeds have none.
constexpr std::uint64_t kMore = 0x5bf03635ea3f8b91;

}  // namespace

PeerNet::Weather PairSimulation::weather_of(const PairPlan& plan) {
  return {plan.wire_lag_ms, plan.plan.config.replication.timeout_ms, plan.channels};
}

PairSimulation::PairSimulation(std::uint64_t seed, PairFault fault, std::ostream* story,
                               PlanDrawer draw)
    : luck_(seed),
      more_(seed ^ kMore),
      apart_(seed + kApart),
      moves_(apart_.once_in(2)),
      plan_(draw(luck_, more_)),
      story_(story),
      judge_(plan_.plan.config.replication, story),
      world_{luck_, plan_, fault, judge_},
      nodes_{PairNode(0, world_), PairNode(1, world_)},
      net_(luck_, weather_of(plan_), {nodes_[0].handlers(), nodes_[1].handlers()}),
      beats_(more_, plan_.wire_lag_ms,
             {[this](const std::string& bytes) { nodes_[0].take_beat(bytes); },
              [this](const std::string& bytes) { nodes_[1].take_beat(bytes); }}) {
  world_.net = &net_;
  world_.beats = &beats_;
  world_.story = story;
  world_.access = std::make_shared<const Access>(Policy{Anonymous::everywhere, {}, {}});
  world_.ends = [this](NodeIndex node) { lose_clients(node); };
  world_.led = [this](NodeIndex node) { check_new_leader(node); };
  world_.fence = [this](NodeIndex node) { fail(node, true); };
  world_.runs = [this](NodeIndex node) { return nodes_[node].runs(); };
  world_.disk_of = [this](NodeIndex node) { return nodes_[node].disk(); };
  if (plan_.witness) {
    world_.witness = &witness_;
    witness_.connect("the operator")
        ->swap(0, first_record({"a", 0, ""}, Term{}, plan_.plan.config.replication.mode),
               [](const WitnessOutcome&) {});
    witness_.arrive("the operator");
  }
  const Plan& plan = plan_.plan;
  for (const AckRule& rule : plan.config.acks)
    if (rule.level < node_level(plan.config)) ledger_.forgive(rule.name);
  std::size_t group = 0;
  for (const Role& role : plan.roles)
    if (role.shares) group = ledger_.add_reader({"the group", role.qos, true, true, {"s/#"}});
  for (const Role& role : plan.roles) {
    const std::size_t reader =
        role.shares ? group
                    : ledger_.add_reader({role.id, role.qos, role.durable, false, role.filters});
    const std::size_t number = clients_.size();
    clients_.emplace_back(role, reader, plan.config.limits.receive_maximum, luck_, ledger_,
                          SimClient::Ports{[this, number] { return open_link(number); }, story_});
    homes_.push_back(0);
  }
}

void PairSimulation::begin() {
  if (story_ != nullptr)
    *story_ << "-- " << name_of(plan_.plan.config.replication.mode) << ", timeout "
            << plan_.plan.config.replication.timeout_ms << " ms, failover by "
            << failover::name_of(plan_.plan.config.failover.policy)
            << (plan_.witness ? " with a witness" : "")
            << (plan_.forces ? ", the operator forces\n" : "\n");
  for (const AckRule& rule : plan_.plan.config.acks)
    if (story_ != nullptr) *story_ << "-- ack = " << text_of(rule) << '\n';
  for (PairNode& node : nodes_) node.start();
}

PairOutcome PairSimulation::run() {
  begin();
  while (outcome_.step < plan_.plan.steps && !found()) {
    ++outcome_.step;
    step();
  }
  return end();
}

PairOutcome PairSimulation::end() {
  if (!found()) settle();
  if (!found()) judge_at_rest();
  outcome_.findings = judge_.findings();
  if (!judge_.may_miss())
    for (const std::string& finding : ledger_.findings()) outcome_.findings.push_back(finding);
  outcome_.messages = ledger_.message_count();
  outcome_.counts = judge_.counts();
  for (const PairNode& node : nodes_) {
    outcome_.images += node.images();
    outcome_.records = std::max(outcome_.records, node.store().last_lsn());
  }
  return outcome_;
}

bool PairSimulation::found() const {
  return !judge_.findings().empty() || (!judge_.may_miss() && !ledger_.findings().empty());
}

void PairSimulation::step() {
  if (story_ != nullptr)
    *story_ << "-- step " << outcome_.step << ", at " << world_.now.ms << " ms\n";
  const std::uint32_t pause_ms = luck_.below(luck_.once_in(40) ? 5'000 : plan_.plan.step_ms);
  advance(world_.now.plus_ms(pause_ms));
  if (found()) return;
  let_clients_act(false);
  make_trouble();
  trouble_paths();
  start_again();
  operate();
  let_clients_take();
}

void PairSimulation::pass(Instant until) {
  while (!found() && world_.now < until) {
    advance(std::min(until, world_.now.plus_ms(1 + luck_.below(plan_.plan.step_ms))));
    if (found() || (watch_ && watch_())) return;
    let_clients_act(false);
    let_clients_take();
  }
}

// Everything that happens by itself until then, in order.
void PairSimulation::advance(Instant until) {
  int events = 0;
  while (!found()) {
    const Instant next =
        std::min({net_.next_due(), beats_.next_due(), nodes_[0].next_due(), nodes_[1].next_due()});
    if (next > until) break;
    events = next > world_.now ? 0 : events + 1;
    if (events > kEventsMax) return judge_.find("time stands still");
    world_.now = std::max(world_.now, next);
    if (net_.next_due() <= next) {
      net_.act(world_.now);
    } else if (beats_.next_due() <= next) {
      beats_.act();
    } else {
      nodes_[nodes_[0].next_due() <= next ? 0 : 1].act();
    }
    if (watch_ && watch_()) return;
  }
  world_.now = std::max(world_.now, until);
}

// ---------------------------------------------------------------- the clients

Link* PairSimulation::open_link(std::size_t client) {
  const std::size_t first = luck_.below(2);
  for (const NodeIndex node : {first, other(first)}) {
    if (!nodes_[node].serves()) continue;
    homes_[client] = node;
    return &nodes_[node].front().open();
  }
  return nullptr;
}

void PairSimulation::let_clients_act(bool settling) {
  for (SimClient& client : clients_)
    if (settling || luck_.below(3) != 0) client.act(world_.now, settling);
  for (PairNode& node : nodes_) {
    if (!node.leads() || node.hangs()) continue;
    const bool takes = !node.holds_back();
    for (const auto& link : node.front().links())
      if (takes && (settling || luck_.below(3) != 0))
        Front::feed(node.primary(), *link, settling ? kAll : 1 + luck_.below(6), world_.now);
    node.finish_batch();
  }
}

void PairSimulation::let_clients_take() {
  for (std::size_t i = 0; i < clients_.size(); ++i)
    if (luck_.below(3) != 0) drain(i, 1 + luck_.below(8));
  for (PairNode& node : nodes_)
    if (node.runs()) node.front().forget_gone();
}

void PairSimulation::drain(std::size_t client, std::size_t count) {
  SimClient& one = clients_[client];
  Link* const link = one.link();
  if (link == nullptr) return;
  const bool stops = !nodes_[homes_[client]].serves();
  for (; count > 0 && !link->down.empty(); --count) {
    mqtt::Packet packet = std::move(link->down.front());
    link->down.pop_front();
    if (!stops || !std::holds_alternative<mqtt::Disconnect>(packet))
      one.take(std::move(packet), world_.now);
  }
  if (!link->down.empty() || !link->closed) return;
  link->left = true;
  stops ? one.fail(world_.now, left_at(homes_[client])) : one.lose_link(world_.now);
}

// Of a process that ends; what had come as far as the client's side of the network arrives.
void PairSimulation::lose_clients(NodeIndex node) {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    SimClient& client = clients_[i];
    if (client.link() == nullptr || homes_[i] != node) continue;
    if (luck_.once_in(2)) drain(i, luck_.below(client.link()->down.size() + 1));
    if (client.link() != nullptr) client.fail(world_.now, left_at(node));
  }
}

// Whoever leads already took the sessions of this node's clients for left when it began.
Instant PairSimulation::left_at(NodeIndex node) const {
  const NodeIndex heir = other(node);
  const bool is_led = nodes_[heir].leads() && led_at_[node] < led_at_[heir];
  return is_led ? led_at_[heir] : world_.now;
}

void PairSimulation::check_new_leader(NodeIndex node) {
  led_at_[node] = world_.now;
  if (judge_.may_miss()) return;
  for (const SimClient& client : clients_) client.check(nodes_[node].state());
  ledger_.check_retained(nodes_[node].state());
}

// ---------------------------------------------------------------- trouble, and the operator

std::array<Position, 2> PairSimulation::kept() const {
  return {nodes_[0].kept(), nodes_[1].kept()};
}

void PairSimulation::fail(NodeIndex node, bool power) {
  if (!nodes_[node].runs() && !power) return;
  ++outcome_.crashes;
  down_steps_[node] = 1 + static_cast<int>(luck_.below(plan_.restart_steps));
  power ? nodes_[node].lose_power() : nodes_[node].crash();
  judge_.failed(node, kept());
}

void PairSimulation::make_trouble() {
  const std::uint32_t often = plan_.trouble;
  const NodeIndex node = luck_.below(2);
  const std::uint32_t long_ms = 3 * plan_.plan.config.replication.timeout_ms;
  if (luck_.once_in(often)) fail(node, false);
  if (luck_.once_in(often)) fail(node, true);
  if (luck_.once_in(3 * often)) {
    fail(node, true);
    fail(other(node), true);
  }
  if (luck_.once_in(often)) {
    if (story_ != nullptr) *story_ << "-- the connections are cut\n";
    net_.cut(world_.now);
  }
  if (luck_.once_in(often)) {
    if (story_ != nullptr)
      *story_ << "-- silence towards node "
              << "ab"[node] << '\n';
    net_.stall(node, world_.now.plus_ms(luck_.below(long_ms)));
  }
  if (plan_.witness) trouble_witness();
  if (luck_.once_in(2 * often)) {
    if (story_ != nullptr) *story_ << "-- a partition\n";
    const Instant until = world_.now.plus_ms(luck_.below(2 * long_ms));
    net_.stall(0, until);
    net_.stall(1, until);
    if (luck_.once_in(3)) net_.cut(world_.now);
  }
}

// For a while one node does not reach it, or it does not work at all.
void PairSimulation::trouble_witness() {
  const NodeIndex node = luck_.below(2);
  const std::string name = node == 0 ? "a" : "b";
  if (luck_.once_in(plan_.trouble)) {
    const bool reaches = luck_.once_in(2);
    if (story_ != nullptr)
      *story_ << "-- the witness is " << (reaches ? "in" : "out of") << " reach of node " << name
              << '\n';
    witness_.set_reachable(name, reaches);
  }
  if (luck_.once_in(2 * plan_.trouble)) {
    const bool stalls = luck_.once_in(2);
    if (story_ != nullptr)
      *story_ << (stalls ? "-- the witness stalls\n" : "-- the witness works\n");
    witness_.set_stalled(stalls);
  }
}

// A node whose network is gone sees neither the other one nor a gateway.
void PairSimulation::trouble_paths() {
  if (!plan_.second_path) return;
  const bool by_gateway = plan_.plan.config.failover.policy == FailoverPolicy::gateway;
  const std::uint32_t long_ms = 3 * plan_.plan.config.replication.timeout_ms;
  const NodeIndex node = more_.below(2);
  if (!by_gateway && more_.once_in(plan_.trouble))
    beats_.cut(node, world_.now.plus_ms(more_.below(long_ms)));
  if (!by_gateway || !more_.once_in(plan_.trouble)) return;
  const bool both = more_.once_in(4);
  const Instant until = world_.now.plus_ms(more_.below(more_.once_in(2) ? long_ms : long_ms / 3));
  if (story_ != nullptr)
    *story_ << "-- no network at "
            << (both        ? "both nodes"
                : node == 0 ? "node a"
                            : "node b")
            << " until " << until.ms << '\n';
  for (const NodeIndex one : {NodeIndex{0}, NodeIndex{1}}) {
    net_.stall(one, until);
    beats_.cut(one, until);
    if (both || one == node) world_.off_until[one] = std::max(world_.off_until[one], until);
  }
}

void PairSimulation::start_again() {
  for (const NodeIndex node : {NodeIndex{0}, NodeIndex{1}})
    if (!nodes_[node].runs() && --down_steps_[node] <= 0) nodes_[node].start();
}

bool PairSimulation::anybody_serves() const {
  return nodes_[0].serves() || nodes_[1].serves();
}

// What an operator who may not lose anything looks at: the node itself, that the other one does not
// lead and will not by itself, and who has all that was acknowledged.
bool PairSimulation::may_promote(NodeIndex node) const {
  const PairNode& rival = nodes_[other(node)];
  if (world_.fault == PairFault::promotes_behind) return nodes_[node].follows();
  if (rival.leads() || !nodes_[node].may_lead()) return false;
  const bool rests =
      !rival.runs() || rival.file().role == NodeState::Role::standby || rival.stands_back();
  const bool has_all = world_.insync.empty() || world_.insync.contains(node);
  return rests && has_all;
}

void PairSimulation::promote(NodeIndex node, bool forced) {
  if (story_ != nullptr) *story_ << (forced ? "-- promote --force\n" : "-- promote\n");
  nodes_[node].promote(forced);
}

void PairSimulation::operate() {
  const NodeIndex node = luck_.below(2);
  if (plan_.forces && luck_.once_in(plan_.trouble) && nodes_[node].follows())
    return promote(node, true);
  if (!anybody_serves()) {
    if (luck_.once_in(2) && !plan_.witness && may_promote(node)) promote(node, false);
    return;
  }
  const bool switches = luck_.once_in(2 * plan_.trouble);
  if (switches && world_.insync.size() == 2 && nodes_[node].serves()) {
    if (story_ != nullptr)
      *story_ << "-- demote node "
              << "ab"[node] << '\n';
    nodes_[node].demote();
  }
  if (moves_ && apart_.once_in(kMoveEvery) && world_.insync.size() == 2)
    switch_over(nodes_[0].serves() ? 0 : 1);
}

void PairSimulation::switch_over(NodeIndex node) {
  if (!nodes_[node].serves()) return;
  if (story_ != nullptr) *story_ << "-- switchover\n";
  nodes_[node].switch_over();
  if (apart_.once_in(2)) return;
  advance(world_.now.plus_ms(apart_.below(4 * plan_.wire_lag_ms + plan_.plan.writer_lag_ms)));
  if (!found()) trouble_a_move(node);
}

// At any moment of it.
void PairSimulation::trouble_a_move(NodeIndex node) {
  switch (apart_.below(plan_.witness ? 7 : 5)) {
    case 0:
      return fail(node, false);
    case 1:
      return fail(other(node), false);
    case 2:
      return fail(apart_.below(2), true);
    case 3:
      return net_.cut(world_.now);
    case 5:
      return witness_.set_reachable(apart_.once_in(2) ? "a" : "b", false);
    case 6:
      return witness_.set_stalled(true);
    default:
      const std::uint32_t long_ms = 3 * plan_.plan.config.replication.timeout_ms;
      return net_.stall(apart_.below(2), world_.now.plus_ms(apart_.below(long_ms)));
  }
}

}  // namespace tandemq::sim
