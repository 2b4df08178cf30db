// PairSimulation: how all comes to rest in the end, and what both nodes must be then.
#include "tests/sim/pair_simulation.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {
namespace {

constexpr int kSettlingMax = 4'000;     // Rounds; a run needs some dozens.
constexpr int kStalemate = 100;         // Rounds without a primary.
constexpr int kClaimRounds = 20;        // Until a witness has heard the operator's wish.
constexpr std::uint32_t kRoundMs = 40;  // While clients are busy; else ten times that.

}  // namespace

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
    for (std::size_t client = 0; client < clients_.size(); ++client) drain(client, SIZE_MAX);
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
