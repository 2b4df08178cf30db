// PairStage: a pair on which a script is played: what fails when, in virtual time, while clients
// write, and what has to follow. It begins with both nodes in sync and A leading, under the
// defaults of the configuration. On top of the promises of every run (PairJudge) two nodes never
// serve at once, unless the script says that they may. The seed decides all that the script leaves
// open, and gives it luck of its own.
// One play each.
#pragma once

#include "tests/sim/pair_simulation.hpp"

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq::sim {

inline constexpr NodeIndex kA = 0;
inline constexpr NodeIndex kB = 1;

// Who decides: a witness, or a policy without one.
enum class Setting : std::uint8_t { witness, heartbeat, gateway, fence, manual };
std::string_view name_of(Setting setting);

class PairStage;

// A row of the failure matrix, docs/FAILURES.md.
struct PairScenario {
  int row = 0;
  std::string_view title;
  std::vector<Setting> settings;
  void (*script)(PairStage&) = nullptr;
  void (*arrange)(PairPlan&) = nullptr;  // What is special about its plan. Null: nothing.
};

class PairStage {
 public:
  using Condition = std::function<bool()>;

  PairStage(const PairScenario& scenario, Setting setting, std::uint64_t seed,
            PairFault fault = PairFault::none, std::ostream* story = nullptr);
  PairOutcome play();

  [[nodiscard]] Setting setting() const { return setting_; }
  [[nodiscard]] bool is(Setting setting) const { return setting_ == setting; }
  [[nodiscard]] bool once_in(std::uint32_t n) { return parts_.luck.once_in(n); }
  [[nodiscard]] std::uint32_t below(std::uint32_t n) { return parts_.luck.below(n); }

  // ---- What fails. A cut lasts until heal().
  void crash(NodeIndex node);
  void lose_power(NodeIndex node);  // Nobody there refuses a connection.
  void start(NodeIndex node);
  void hang(NodeIndex node);
  void go_on(NodeIndex node);
  void slow_disk(NodeIndex node, std::uint32_t ms) { parts_.nodes[node].set_disk_lag(ms); }
  void end_connections();  // Of the link.
  void cut_link();
  void cut_beats();
  void cut_both() { cut_link(), cut_beats(); }
  void cut_towards(NodeIndex node, bool beats_too);
  void cut_witness(NodeIndex node);
  void stall_witness(bool stalls);
  void cut_gateways(NodeIndex node);
  void cut_off(NodeIndex node);                                    // From all but its clients.
  void close_link(bool closed) { parts_.net.set_closed(closed); }  // To new connections.
  void heal_paths();
  void heal();  // The way to the witness too.

  // ---- The operator.
  void promote(NodeIndex node, bool forced = false);
  void switch_over();
  void repair_witness();

  // ---- What is promised.
  void pass(std::uint32_t ms);
  void within(std::uint32_t ms, const std::string& what, const Condition& condition);
  void throughout(std::uint32_t ms, const std::string& what, const Condition& condition);
  void leads_within(NodeIndex node, std::uint32_t ms);
  void one_leads_within(std::uint32_t ms);  // And in the end, too.
  void keeps_leading(NodeIndex node, std::uint32_t ms);
  void nobody_leads_for(std::uint32_t ms);
  void acknowledges_within(std::uint32_t ms);  // Something that is new.
  void in_sync_within(std::uint32_t ms);
  void never(std::string what, Condition condition);  // From here to the end.
  void never_leads(NodeIndex node);
  void leads_in_the_end(NodeIndex node) { last_ = node; }
  void may_both_lead() { both_may_lead_ = true; }
  // So long one may take connections when the other one does already; neither acknowledges what the
  // other one has not.
  void may_overlap(std::int64_t ms) { overlap_max_ms_ = ms; }
  void check(bool holds, const std::string& what);

  // ---- What there is to see.
  [[nodiscard]] bool leads(NodeIndex node) const;  // And has not offered to lead no more.
  [[nodiscard]] bool both_lead() const { return leads(kA) && leads(kB); }
  [[nodiscard]] bool are_in_sync() const;
  [[nodiscard]] bool has_ended(NodeIndex node) const { return !parts_.nodes[node].runs(); }
  [[nodiscard]] const PairJudge::Counts& counts() const { return parts_.judge.counts(); }
  [[nodiscard]] const PairSimulation::Parts& parts() const { return parts_; }

 private:
  struct Ban {
    std::string what;
    Condition condition;
  };

  void set_out();
  void come_together();
  bool watch();
  void tell(const std::string& what) const;

  const PairScenario& scenario_;
  const Setting setting_;
  std::ostream* const story_;
  PairSimulation simulation_;
  const PairSimulation::Parts parts_;
  Condition goal_;
  std::vector<Ban> bans_;
  bool both_may_lead_ = false;
  bool both_led_ = false;
  Instant both_since_ = Instant::never();
  std::int64_t overlap_max_ms_ = 0;
  NodeIndex last_ = kA;
};

}  // namespace tandemq::sim
