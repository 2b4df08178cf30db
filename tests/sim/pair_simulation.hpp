// PairSimulation: one run of two nodes: a primary and a standby, the network between them, clients
// that connect to whoever leads, an operator, and trouble of every kind, in one thread and virtual
// time. All of it follows from the seed; in a PairStage the trouble follows from a script.
#pragma once

#include "tests/sim/beat_net.hpp"
#include "tests/sim/client.hpp"
#include "tests/sim/ledger.hpp"
#include "tests/sim/pair_judge.hpp"
#include "tests/sim/pair_node.hpp"
#include "tests/sim/pair_plan.hpp"
#include "tests/sim/peer_net.hpp"

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace tandemq::sim {

struct PairOutcome {
  std::vector<std::string> findings;  // Empty if every promise was kept.
  int step = 0;                       // Where the first one came up.
  std::size_t messages = 0;
  Lsn records = 0;
  int crashes = 0;
  int images = 0;
  int stalemates = 0;  // Times that nobody could lead without force.
  PairJudge::Counts counts;
};

class PairSimulation {
 public:
  using PlanDrawer = std::function<PairPlan(Luck& luck, Luck& more)>;
  struct Parts {
    PairWorld& world;
    std::array<PairNode, 2>& nodes;
    PeerNet& net;
    BeatNet& beats;
    MemoryWitness& witness;
    PairJudge& judge;
    Luck& luck;
  };

  // `story`: told everything if it is not null.
  explicit PairSimulation(std::uint64_t seed, PairFault fault = PairFault::none,
                          std::ostream* story = nullptr, PlanDrawer draw = pair_plan_for);

  PairOutcome run();

  // ---- The same for a script, in the place of run().
  void begin();
  // Called after each thing that happens; if it says so, time stands still there.
  void watch(std::function<bool()> watch) { watch_ = std::move(watch); }
  void pass(Instant until);  // Clients are busy, and nothing fails by itself.
  void fail(NodeIndex node, bool power);
  void lose_clients(NodeIndex node);
  PairOutcome end();
  [[nodiscard]] bool found() const;
  Parts parts() { return {world_, nodes_, net_, beats_, witness_, judge_, luck_}; }

 private:
  static PeerNet::Weather weather_of(const PairPlan& plan);
  void step();
  void advance(Instant until);
  // The clients.
  Link* open_link(std::size_t client);
  void let_clients_act(bool settling);
  void let_clients_take();
  void drain(std::size_t client, std::size_t count);
  void check_new_leader(NodeIndex node);
  // Trouble, and the operator.
  void make_trouble();
  void trouble_paths();
  void start_again();
  void trouble_witness();
  void operate();
  void promote(NodeIndex node, bool forced);
  void switch_over(NodeIndex node);
  void trouble_a_move(NodeIndex node);
  [[nodiscard]] bool may_promote(NodeIndex node) const;
  [[nodiscard]] bool anybody_serves() const;
  [[nodiscard]] std::array<Position, 2> kept() const;
  [[nodiscard]] Instant left_at(NodeIndex node) const;
  // The end.
  void settle();
  void end_stalemate(bool at_last);
  [[nodiscard]] bool clients_are_quiet() const;
  [[nodiscard]] bool is_together() const;
  void judge_at_rest();
  void compare_with_store(const PairNode& node);

  Luck luck_;
  Luck more_;  // For what was added later.
  // Of the switchovers: half of the runs have none, and go on as they did before there were any.
  Luck apart_;
  const bool moves_;
  const PairPlan plan_;
  std::ostream* const story_;
  PairJudge judge_;
  MemoryWitness witness_;
  PairWorld world_;
  std::array<PairNode, 2> nodes_;
  PeerNet net_;
  BeatNet beats_;
  Ledger ledger_;
  std::deque<SimClient> clients_;
  std::vector<NodeIndex> homes_;     // Of each client: where its link ends.
  std::array<int, 2> down_steps_{};  // Until it is started again.
  std::array<Instant, 2> led_at_{};  // When it began to lead, last.
  std::function<bool()> watch_;
  PairOutcome outcome_;
};

}  // namespace tandemq::sim
