#include "tests/sim/pair_judge.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace tandemq::sim {
namespace {

// What may be under way to a primary that has begun to slow its publishers down.
constexpr std::uint64_t kLagSlackBytes = 64'000;

std::string shown(const Position& position) {
  return std::to_string(position.lsn) + " of term " + std::to_string(position.term.counter);
}

std::string who(NodeIndex node) {
  return node == 0 ? "node a" : "node b";
}

}  // namespace

void PairJudge::find(std::string what) {
  if (story_ != nullptr) *story_ << "!! " << what << '\n';
  findings_.push_back(std::move(what));
}

void PairJudge::permit_loss(const std::string& why) {
  if (story_ != nullptr) *story_ << "-- acknowledged messages may be missing: " << why << '\n';
  ++counts_.losses;
  may_miss_ = true;
}

void PairJudge::walk(const Position& end, const std::function<bool(const Key&, Known&)>& visit) {
  Key key = key_of(end);
  for (; key.first > 0; --key.first) {
    const auto found = records_.find(key);
    if (found == records_.end() || !visit(key, found->second)) return;
    key.second = found->second.previous;
  }
}

bool PairJudge::contains(const Position& end, const Position& record) const {
  if (record.lsn == 0) return true;
  Key key = key_of(end);
  for (; key.first > record.lsn; --key.first) {
    const auto found = records_.find(key);
    if (found == records_.end()) return false;
    key.second = found->second.previous;
  }
  return key == key_of(record);
}

// ---------------------------------------------------------------- terms and records

void PairJudge::noted(NodeIndex node, const NodeState& before, const NodeState& after) {
  if (after.term_seen < before.term_seen) find(who(node) + ": the term that it has seen falls");
}

void PairJudge::sealed(NodeIndex node, const Record& record, const NodeState& file) {
  const Position& at = record.position;
  const auto leader = leaders_.emplace(at.term, node).first->second;
  if (leader != node || at.term.node != node + 1)
    find("term " + std::to_string(at.term.counter) + " has two leaders");
  if (file.term_seen < at.term)
    find(who(node) + " seals in a term that its node.state does not know");
  const auto opened = open_record(record.bytes);
  if (!opened) return find(who(node) + " seals what nobody can read");
  Known known;
  known.chain = at.chain;
  known.bytes = record.bytes.size();
  known.by = node;
  // The record before it is the one with its previous chain.
  for (auto one = records_.lower_bound({at.lsn - 1, Term{}});
       one != records_.end() && one->first.first == at.lsn - 1; ++one)
    if (one->second.chain == opened->previous_chain) known.previous = one->first.second;
  if (at.term < known.previous) find(who(node) + " goes back to an older term");
  if (!records_.emplace(key_of(at), known).second)
    find(who(node) + " seals record " + shown(at) + " a second time");
}

void PairJudge::taken(NodeIndex node, const Record& record) {
  const auto found = records_.find(key_of(record.position));
  if (found == records_.end())
    return find(who(node) + " has taken record " + shown(record.position) +
                ", which nobody has sealed");
  if (found->second.chain != record.position.chain)
    find(who(node) + " has taken another record " + shown(record.position));
}

void PairJudge::welcomed(NodeIndex node, Term term, const NodeState& file) {
  if (term < file.term_seen)
    find(who(node) + " follows term " + std::to_string(term.counter) + ", and has seen term " +
         std::to_string(file.term_seen.counter));
}

// ---------------------------------------------------------------- what was let out

void PairJudge::released(NodeIndex node, const Position& end, Lsn lsn) {
  Position at;
  walk(end, [&](const Key& key, Known& known) {
    if (key.first > lsn) return true;
    if (key.first == lsn) at = {key.second, key.first, known.chain};
    return !std::exchange(known.released, true);
  });
  if (at.lsn == 0) return;
  if (!contains(at, released_) && !contains(released_, at)) {
    if (!may_miss_)
      find(who(node) + " lets out record " + shown(at) + ", and " + shown(released_) +
           " was let out before");
    released_ = at;
  }
  if (contains(at, released_)) released_ = at;
}

void PairJudge::relies_on(NodeIndex standby, const Durable& disk, const Committed& before,
                          const Committed& levels) {
  const auto check = [&](CommitLevel level, Lsn has, const char* what) {
    const Lsn lsn = levels.at(level);
    if (lsn > before.at(level) && lsn > has && !may_miss_)
      find("record " + std::to_string(lsn) + " is let out, and " + who(standby) + " has not " +
           what + " it");
  };
  check(CommitLevel::written, disk.written, "written");
  check(CommitLevel::flushed, disk.flushed, "flushed");
}

void PairJudge::acknowledges_alone(NodeIndex node, const NodeState& file) {
  if (file.role != NodeState::Role::solo)
    find(who(node) + " acknowledges alone, and its node.state does not say so");
}

// Invariant I4: out of the witness before anything is acknowledged without it. Who is superseded
// there has nothing to let out that its standby had not.
void PairJudge::acknowledges_alone(NodeIndex node, Term term, const WitnessEntry& entry) {
  if (entry.record && entry.record->term == term && entry.record->insync.size() > 1)
    find(who(node) + " acknowledges alone, and the witness lists its standby");
}

std::uint64_t PairJudge::missing_bytes(const Position& end) const {
  std::uint64_t bytes = 0;
  Key key = key_of(released_);
  for (; key.first > 0; --key.first) {
    const auto found = records_.find(key);
    if (found == records_.end()) break;
    if (contains(end, {key.second, key.first, found->second.chain})) break;
    bytes += found->second.bytes;
    key.second = found->second.previous;
  }
  return bytes;
}

void PairJudge::leads(NodeIndex node, Term term, const Position& end, bool forced) {
  ++counts_.leads;
  if (!(end.term < term)) find(who(node) + " leads in a term that is not new");
  if (!leaders_.empty() && !forced && !may_miss_ && term.counter < leaders_.rbegin()->first.counter)
    find(who(node) + " leads in a term below one that there was");
  if (forced) permit_loss(who(node) + " is forced to lead");
  if (!contains(end, released_) && !may_miss_) {
    const std::uint64_t bytes = missing_bytes(end);
    if (config_.mode != ReplicationMode::async) {
      find(who(node) + " leads from " + shown(end) + " and lacks " + shown(released_) +
           ", whose outputs have left");
    } else if (bytes > config_.max_lag_bytes + kLagSlackBytes) {
      find(who(node) + " leads and lacks " + std::to_string(bytes) + " bytes that were let out");
    }
    permit_loss(who(node) + " lacks " + std::to_string(bytes) + " bytes");
  }
  if (!contains(end, released_)) released_ = end;
  released(node, end, end.lsn);
}

void PairJudge::tables(NodeIndex node, const Position& at) {
  const auto found = records_.find(key_of(at));
  if (found == records_.end() || found->second.chain != at.chain)
    return find(who(node) + ": its tables stand at " + shown(at) + ", which is no record");
  if (!found->second.released)
    find(who(node) + ": its tables stand at " + shown(at) + ", which is not settled");
}

// ---------------------------------------------------------------- tails

void PairJudge::cut(NodeIndex node, const Position& end, Lsn lsn) {
  ++counts_.cuts;
  walk(end, [&](const Key& key, Known& known) {
    if (key.first <= lsn) return false;
    if (known.released && !may_miss_)
      find(who(node) + " cuts record " + std::to_string(key.first) + " off, which was let out");
    if (!known.exported) find(who(node) + " cuts what it has not exported");
    return true;
  });
}

void PairJudge::exported(NodeIndex, const Position& end, Lsn from) {
  ++counts_.exports;
  walk(end, [from](const Key& key, Known& known) {
    if (key.first < from) return false;
    known.exported = true;
    return true;
  });
}

void PairJudge::alarm(NodeIndex node, const std::string& text) {
  if (story_ != nullptr) *story_ << who(node) << " alarms: " << text << '\n';
  const bool differs =
      text.find("differs") != std::string::npos || text.find("please report") != std::string::npos;
  if (differs) find(who(node) + ": " + text);
}

// ---------------------------------------------------------------- failures

void PairJudge::paired() {
  failed_ = {};
}

void PairJudge::failed(NodeIndex node, const std::array<Position, 2>& kept) {
  const bool both = failed_[other(node)];
  failed_[node] = true;
  if (contains(kept[0], released_) || contains(kept[1], released_)) return;
  const bool permitted =
      config_.mode == ReplicationMode::async || (both && config_.mode != ReplicationMode::flushed);
  if (!permitted && !may_miss_)
    find("record " + shown(released_) + " was let out, and is gone with " + who(node));
  permit_loss(both ? "both nodes have failed" : who(node) + " has failed");
}

std::size_t PairJudge::lost(const Position& end) const {
  std::set<Key> kept;
  Key key = key_of(end);
  for (auto one = records_.find(key); one != records_.end(); one = records_.find(key)) {
    kept.insert(key);
    key = {key.first - 1, one->second.previous};
  }
  return static_cast<std::size_t>(
      std::count_if(records_.begin(), records_.end(), [&kept](const auto& one) {
        return one.second.released && !one.second.exported && !kept.contains(one.first);
      }));
}

// What was let out and is not in the log at the end is in an export, unless a failure took it.
void PairJudge::rests_at(const Position& end) {
  if (!contains(end, released_) && !may_miss_)
    find("the log ends at " + shown(end) + " without " + shown(released_));
}

}  // namespace tandemq::sim
