// PairSimulation: one run of two nodes: a primary and a standby, the network between them, clients
// that connect to whoever leads, an operator, and trouble of every kind, in one thread and virtual
// time. All of it follows from the seed.
#pragma once

#include "tests/sim/client.hpp"
#include "tests/sim/ledger.hpp"
#include "tests/sim/pair_judge.hpp"
#include "tests/sim/pair_node.hpp"
#include "tests/sim/pair_plan.hpp"
#include "tests/sim/peer_net.hpp"

#include <array>
#include <deque>
#include <optional>
#include <ostream>
#include <string>
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
  // `story`: told everything if it is not null.
  explicit PairSimulation(std::uint64_t seed, PairFault fault = PairFault::none,
                          std::ostream* story = nullptr);

  PairOutcome run();

 private:
  static PeerNet::Weather weather_of(const PairPlan& plan);
  void step();
  void advance(Instant until);
  // The clients.
  Link* open_link(std::size_t client);
  void let_clients_act(bool settling);
  void drain(std::size_t client, std::size_t count);
  void lose_clients(NodeIndex node);
  void check_new_leader(NodeIndex node);
  // Trouble, and the operator.
  void make_trouble();
  void fail(NodeIndex node, bool power);
  void start_again();
  void operate();
  void promote(NodeIndex node, bool forced);
  [[nodiscard]] bool may_promote(NodeIndex node) const;
  [[nodiscard]] bool anybody_serves() const;
  [[nodiscard]] std::array<Position, 2> kept() const;
  // The end.
  void settle();
  void end_stalemate(bool at_last);
  [[nodiscard]] bool clients_are_quiet() const;
  [[nodiscard]] bool is_together() const;
  void judge_at_rest();
  void compare_with_store(const PairNode& node);
  [[nodiscard]] bool found() const;

  Luck luck_;
  const PairPlan plan_;
  std::ostream* const story_;
  PairJudge judge_;
  PairWorld world_;
  std::array<PairNode, 2> nodes_;
  PeerNet net_;
  Ledger ledger_;
  std::deque<SimClient> clients_;
  std::vector<NodeIndex> homes_;     // Of each client: where its link ends.
  std::array<int, 2> down_steps_{};  // Until it is started again.
  PairOutcome outcome_;
};

}  // namespace tandemq::sim
