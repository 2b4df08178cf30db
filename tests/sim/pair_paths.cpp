// PairNode: what it sees besides the link: node/node_paths over the real Heartbeat.
#include "tests/sim/beat_net.hpp"
#include "tests/sim/pair_node.hpp"

#include <algorithm>

namespace tandemq::sim {

using FailoverRole = failover::Role;

namespace {

constexpr std::uint32_t kAsksOfTimeout = 8;
constexpr std::uint32_t kGapOfTimeout = 2;

}  // namespace

void PairNode::open_paths() {
  Life& life = *life_;
  if (world_.plan.second_path) {
    life.heartbeat.emplace("secret", Heartbeat::Identity{1, number(), life.incarnation + 1});
    life.beat_at = world_.now;
  }
  const failover::Settings& settings = life.machine.settings();
  if (settings.policy != FailoverPolicy::gateway) return;
  life.gateway.emplace(settings.silent_ms / kGapOfTimeout);
  life.ask_at = world_.now;
}

void PairNode::ask_gateway() {
  life_->ask_at =
      world_.now.plus_ms(std::max(1U, life_->machine.settings().silent_ms / kAsksOfTimeout));
  if (world_.off_until[index_] <= world_.now) life_->gateway->answered(world_.now);
}

Beat PairNode::beat() const {
  const Life& life = *life_;
  Beat beat;
  const FailoverRole role = life.machine.role();
  beat.leads = life.again_at.is_never() && traits_of(role).leads;
  beat.outdated = file_.outdated;
  beat.term = file_.term_seen;
  if (!life.primary) {
    beat.in_sync = life.standby->in_sync();
    return beat;
  }
  const Feed::Status status = life.feed->status(world_.now);
  beat.in_sync = status.commit == CommitPoint::Phase::paired;
  const bool lacks_standby = role == FailoverRole::stalled || role == FailoverRole::solo;
  if (lacks_standby && status.phase == Feed::Phase::absent) beat.asks = life.machine.losses();
  return beat;
}

void PairNode::send_beat() {
  Life& life = *life_;
  if (!life.heartbeat) return;
  life.said = beat();
  life.beat_at = world_.now.plus_ms(config_.replication.heartbeat_ms);
  world_.beats->send(index_, life.heartbeat->beat(life.said, world_.now), world_.now);
}

void PairNode::tell_news() {
  if (life_->heartbeat && life_->said != beat()) send_beat();
}

void PairNode::take_beat(const std::string& bytes) {
  if (!runs() || !life_->heartbeat) return;
  Life& life = *life_;
  const auto taken = life.heartbeat->take(bytes, world_.now);
  if (!taken) return world_.judge.find("node " + file_.node + ": " + taken.error().text);
  if (taken->answers) send_beat();
  if (!taken->counts) return;
  const bool asked = follows() && !traits_of(life.machine.role()).leads &&
                     life.heartbeat->is_asked(file_.term_seen);
  if (asked && !has(PairFault::notes_nothing)) {
    life.standby->outdated();
    drain();
  }
  if (asked) {
    tell("notes that it is outdated");
    life.heartbeat->note();
  }
  look();
  if (runs() && asked) send_beat();
}

void PairNode::add_paths(failover::Facts& facts) const {
  const Life& life = *life_;
  if (life.gateway) {
    facts.gateway_at = life.gateway->answered_at();
    facts.gateway_since = life.gateway->since();
  }
  if (life.gateway && has(life.primary ? PairFault::alone_cut_off : PairFault::claims_cut_off)) {
    facts.gateway_at = world_.now;
    facts.gateway_since = Instant{};
  }
  if (!life.heartbeat || life.heartbeat->peer() == nullptr) return;
  const HeartbeatFrame& peer = *life.heartbeat->peer();
  if (!life.primary && (!peer.leads || peer.term < file_.term_seen)) return;
  facts.seen_at = std::max(facts.seen_at, life.heartbeat->heard_at());
  facts.heard_at = std::max(facts.heard_at, life.heartbeat->met_at());
  if (!life.primary) return;
  facts.standby_noted = life.heartbeat->has_noted(life.machine.losses());
  facts.superseded = facts.superseded || life.primary->position().term < peer.term;
}

}  // namespace tandemq::sim
