#include "tests/sim/pair_simulation.hpp"

#include "config/ack_rule.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {
namespace {

constexpr std::size_t kAll = SIZE_MAX;
constexpr int kSettlingMax = 4'000;          // Rounds; a run needs some dozens.
constexpr int kStalemate = 100;              // Rounds without a primary.
constexpr int kClaimRounds = 20;             // Until a witness has heard the operator's wish.
constexpr std::uint32_t kRoundMs = 40;       // While clients are busy; else ten times that.
constexpr int kEventsMax = 20'000;           // Of one moment.
constexpr std::uint32_t kMoveEvery = 12;     // Steps between two switchovers, about.
constexpr std::uint64_t kApart = 1'000'001;  // With it the regression seeds have none.
constexpr std::uint64_t kMore = 0x5bf03635ea3f8b91;

}  // namespace

PeerNet::Weather PairSimulation::weather_of(const PairPlan& plan) {
  return {plan.wire_lag_ms, plan.plan.config.replication.timeout_ms, plan.channels};
}

PairSimulation::PairSimulation(std::uint64_t seed, PairFault fault, std::ostream* story)
    : luck_(seed),
      more_(seed ^ kMore),
      apart_(seed + kApart),
      moves_(apart_.once_in(2)),
      plan_(pair_plan_for(luck_, more_)),
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

PairOutcome PairSimulation::run() {
  if (story_ != nullptr)
    *story_ << "-- " << name_of(plan_.plan.config.replication.mode) << ", timeout "
            << plan_.plan.config.replication.timeout_ms << " ms, failover by "
            << failover::name_of(plan_.plan.config.failover.policy)
            << (plan_.witness ? " with a witness" : "")
            << (plan_.forces ? ", the operator forces\n" : "\n");
  for (const AckRule& rule : plan_.plan.config.acks)
    if (story_ != nullptr) *story_ << "-- ack = " << text_of(rule) << '\n';
  for (PairNode& node : nodes_) node.start();
  while (outcome_.step < plan_.plan.steps && !found()) {
    ++outcome_.step;
    step();
  }
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
  for (std::size_t i = 0; i < clients_.size(); ++i)
    if (luck_.below(3) != 0) drain(i, 1 + luck_.below(8));
  for (PairNode& node : nodes_)
    if (node.runs()) node.front().forget_gone();
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
    if (!node.leads()) continue;
    const bool takes = !node.holds_back();
    for (const auto& link : node.front().links())
      if (takes && (settling || luck_.below(3) != 0))
        Front::feed(node.primary(), *link, settling ? kAll : 1 + luck_.below(6), world_.now);
    node.finish_batch();
  }
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

// ---------------------------------------------------------------- the end

bool PairSimulation::clients_are_quiet() const {
  if (judge_.may_miss()) return true;  // Some may wait for what nobody knows any more.
  return std::all_of(clients_.begin(), clients_.end(),
                     [](const SimClient& client) { return client.is_quiet(); });
}

bool PairSimulation::is_together() const {
  for (const NodeIndex node : {NodeIndex{0}, NodeIndex{1}}) {
    const PairNode& one = nodes_[node];
    const PairNode& rival = nodes_[other(node)];
    if (!one.serves() || !rival.follows()) continue;
    bool quiet = one.is_idle();
    one.state().for_each_session([&](const Session& session) {
      quiet = quiet && (judge_.may_miss() || session.outgoing.size() == 0);
    });
    return quiet && one.feed().status(world_.now).commit == CommitPoint::Phase::paired &&
           rival.end() == one.end() && one.stored() == one.end() && rival.stored() == rival.end() &&
           one.feed().committed() == one.end().lsn;
  }
  return false;
}

// The network is whole, both nodes run, everybody comes and takes what there is.
void PairSimulation::settle() {
  if (story_ != nullptr) *story_ << "-- all comes to rest\n";
  net_.heal(world_.now);
  witness_.set_stalled(false);
  for (const char* node : {"a", "b"}) witness_.set_reachable(node, true);
  beats_.heal(world_.now);
  world_.off_until = {world_.now, world_.now};
  int alone = 0;
  for (int i = 0; i < kSettlingMax && !found(); ++i) {
    start_again();
    alone = anybody_serves() ? 0 : alone + 1;
    if (alone > 0) end_stalemate(alone == kStalemate);
    if (alone > kStalemate + kClaimRounds)
      return judge_.find("nobody leads in the end: " + nodes_[0].shown() + "; " +
                         nodes_[1].shown());
    const bool quiet = clients_are_quiet();
    if (quiet && is_together()) return;
    advance(world_.now.plus_ms(quiet ? 10 * kRoundMs : kRoundMs));
    if (found()) return;
    let_clients_act(true);
    for (std::size_t client = 0; client < clients_.size(); ++client) drain(client, kAll);
    for (PairNode& node : nodes_)
      if (node.runs()) node.front().forget_gone();
  }
  if (found()) return;
  for (const SimClient& client : clients_)
    if (!judge_.may_miss() && !client.is_quiet())
      ledger_.find(client.role().id + " does not come to rest");
  judge_.find("the two nodes do not come together");
}

// In the end, who is shown both positions may choose the one that has more, whatever it thinks of
// itself; the judge looks whether it has all.
void PairSimulation::end_stalemate(bool at_last) {
  for (const NodeIndex node : {NodeIndex{0}, NodeIndex{1}})
    if (!plan_.witness && !anybody_serves() && may_promote(node)) return promote(node, false);
  if (!at_last || !nodes_[0].follows() || !nodes_[1].follows()) return;
  const Position left = nodes_[0].end();
  const Position right = nodes_[1].end();
  const bool right_has_more =
      left.term != right.term ? left.term < right.term : left.lsn < right.lsn;
  ++outcome_.stalemates;
  promote(right_has_more ? 1 : 0, false);
}

void PairSimulation::judge_at_rest() {
  // Their tables follow, and their digests are compared once more.
  advance(world_.now.plus_ms(3'000));
  for (int i = 0; i < kSettlingMax && !is_together(); ++i) {
    start_again();
    advance(world_.now.plus_ms(7));
  }
  if (found()) return;
  if (!is_together()) return judge_.find("the two nodes do not stay together");
  for (const PairNode& node : nodes_) compare_with_store(node);
  if (nodes_[0].end() != nodes_[1].end()) judge_.find("the logs end at different positions");
  if (nodes_[0].state().digest() != nodes_[1].state().digest())
    judge_.find("the States of the two nodes differ");
  judge_.rests_at(nodes_[0].end());
  const MemoryStore& left = nodes_[0].store();
  const MemoryStore& right = nodes_[1].store();
  const Lsn from = std::max(left.first_lsn(), right.first_lsn());
  std::vector<std::string> records;
  const auto keep = [&](Lsn, ByteView bytes) {
    records.emplace_back(bytes);
    return true;
  };
  static_cast<void>(left.read(from, keep));
  const std::vector<std::string> ours = std::exchange(records, {});
  static_cast<void>(right.read(from, keep));
  const bool both = !ours.empty() && !records.empty();  // Behind an image there is no log.
  if (both && ours != records) judge_.find("the logs of the two nodes differ");
  if (judge_.may_miss()) return;
  ledger_.judge();
  ledger_.check_retained(nodes_[0].state());
}

// What is warm in memory is what a process that begins now would find.
void PairSimulation::compare_with_store(const PairNode& node) {
  const std::string who = "node " + node.file().node + ": ";
  for (const std::string& broken : node.state().check()) judge_.find(who + broken);
  State again;
  const Recovery recovery = recover(node.store(), again, {});
  if (const std::string bad = report_of(recovery); !bad.empty())
    judge_.find(who + "recovery: " + bad);
  if (recovery.position != node.end()) judge_.find(who + "its log ends elsewhere on the disk");
  if (again.digest() != node.state().digest())
    judge_.find(who + "its State is not what its store says");
}

}  // namespace tandemq::sim
