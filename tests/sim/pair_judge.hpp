// PairJudge: what two nodes promise together (failover.md section 2), checked as it happens against
// a memory of every record that was ever sealed. It knows what was let out to clients, so it can
// tell whether a node that leads has all of it. Whatever is wrong becomes a finding, a sentence.
// Owned by one PairSimulation.
#pragma once

#include "config/config.hpp"
#include "failover/witness.hpp"
#include "journal/committed.hpp"
#include "journal/record.hpp"
#include "replication/node_state.hpp"
#include "replication/protocol.hpp"
#include "tests/sim/peer_net.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace tandemq::sim {

class PairJudge {
 public:
  PairJudge(const ReplicationConfig& config, std::ostream* story)
      : config_(config), story_(story) {}

  // ---- What happens.
  void noted(NodeIndex node, const NodeState& before, const NodeState& after);
  void sealed(NodeIndex node, const Record& record, const NodeState& file);
  void taken(NodeIndex node, const Record& record);
  void welcomed(NodeIndex node, Term term, const NodeState& file);
  // The outputs of a primary whose log ends at `end` leave up to `lsn`.
  void released(NodeIndex node, const Position& end, Lsn lsn);
  // Before that, if the standby is needed: what it has in truth.
  void relies_on(NodeIndex standby, const Durable& disk, const Committed& before,
                 const Committed& levels);
  void leads(NodeIndex node, Term term, const Position& end, bool forced);
  void acknowledges_alone(NodeIndex node, const NodeState& file);
  void acknowledges_alone(NodeIndex node, Term term, const WitnessEntry& entry);
  void tables(NodeIndex node, const Position& at);
  // Records behind `lsn` leave the log, which ends at `end`.
  void cut(NodeIndex node, const Position& end, Lsn lsn);
  void exported(NodeIndex node, const Position& end, Lsn from);
  void alarm(NodeIndex node, const std::string& text);
  void paired();
  void moved() { ++counts_.moves; }  // By plan.
  // A node has failed; this is what each of them still has.
  void failed(NodeIndex node, const std::array<Position, 2>& kept);

  // From now on something that was acknowledged may be missing.
  void permit_loss(const std::string& why);
  [[nodiscard]] bool may_miss() const { return may_miss_; }
  // Both have come to rest at this position.
  void rests_at(const Position& end);
  // So much of what was let out is neither in the log that ends here nor in an export.
  [[nodiscard]] std::size_t lost(const Position& end) const;

  void find(std::string what);
  [[nodiscard]] const std::vector<std::string>& findings() const { return findings_; }
  [[nodiscard]] bool contains(const Position& end, const Position& record) const;
  [[nodiscard]] const Position& last_released() const { return released_; }

  struct Counts {
    int leads = 0;
    int moves = 0;
    int cuts = 0;
    int exports = 0;
    int losses = 0;  // Times that something acknowledged was permitted to be missing.
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  using Key = std::pair<Lsn, Term>;
  struct Known {
    std::uint64_t chain = 0;
    std::uint64_t bytes = 0;
    Term previous;  // The term of the record before it.
    NodeIndex by = 0;
    bool released = false;
    bool exported = false;
  };

  static Key key_of(const Position& position) { return {position.lsn, position.term}; }
  // From the end backwards, until `visit` returns false.
  void walk(const Position& end, const std::function<bool(const Key&, Known&)>& visit);
  [[nodiscard]] std::uint64_t missing_bytes(const Position& end) const;

  const ReplicationConfig config_;
  std::ostream* const story_;
  std::map<Key, Known> records_;
  std::map<Term, NodeIndex> leaders_;
  Position released_;             // The last record whose outputs have left.
  std::array<bool, 2> failed_{};  // Since they were in sync last.
  bool may_miss_ = false;
  Counts counts_;
  std::vector<std::string> findings_;
};

}  // namespace tandemq::sim
