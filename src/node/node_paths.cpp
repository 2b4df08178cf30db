// What a node sees besides the link to its peer: the second path, and the gateways.
#include "config/files.hpp"
#include "node/node.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

// Of heartbeat.timeout_ms: gateways are asked so often, and may leave out so many answers.
constexpr std::uint32_t kAsksOfTimeout = 8;
constexpr std::uint32_t kGapOfTimeout = 2;

}  // namespace

Result<void> Node::open_paths() {
  const FailoverConfig& failover = config_.failover;
  const auto now = [this] { return clock_.now(); };
  const auto warn = [this](const std::string& text) { log_->warn("{}", text); };
  if (!failover.heartbeat_listen.empty()) {
    auto secret = read_secret(config_.replication.secret_file);
    if (!secret) return tl::unexpected(secret.error());
    const Heartbeat::Identity us{cluster_number_of(config_.cluster_id),
                                 term_number_of(config_.node_id), incarnation_};
    heartbeat_port_ = std::make_unique<HeartbeatPort>(
        io_,
        HeartbeatPort::Config{failover.heartbeat_listen, failover.heartbeat_peer,
                              config_.replication.heartbeat_ms},
        Heartbeat(*secret, us),
        HeartbeatPort::Ports{now, [this] { return beat(); }, [this] { take_heartbeat(); }, warn});
    if (auto started = heartbeat_port_->start(); !started) return started;
  }
  const failover::Settings& settings = agent_->machine().settings();
  if (settings.policy != FailoverPolicy::gateway) return {};
  const std::uint32_t every_ms =
      std::min(config_.replication.heartbeat_ms, settings.silent_ms / kAsksOfTimeout);
  gateway_probe_ = std::make_unique<GatewayProbe>(
      io_,
      GatewayProbe::Config{failover.gateways, every_ms, settings.silent_ms / kGapOfTimeout,
                           incarnation_},
      GatewayProbe::Ports{now, warn});
  return gateway_probe_->start();
}

Beat Node::beat() const {
  Beat beat;
  const failover::Machine& machine = agent_->machine();
  beat.leads = failover::traits_of(machine.role()).leads;
  beat.outdated = file_.state().outdated;
  beat.term = file_.state().term_seen;
  if (!runner_.leads()) {
    beat.in_sync = following_->standby().in_sync();
    return beat;
  }
  // Who is here learns it on the link.
  const Feed::Status status = feed_->status(clock_.now());
  beat.in_sync = status.commit == CommitPoint::Phase::paired;
  const bool lacks_standby =
      machine.role() == failover::Role::stalled || machine.role() == failover::Role::solo;
  if (lacks_standby && status.phase == Feed::Phase::absent) beat.asks = machine.losses();
  return beat;
}

// Whoever leads, or is about to, does not say that it will not.
void Node::take_heartbeat() {
  Heartbeat& heartbeat = heartbeat_port_->heartbeat();
  const bool leads = runner_.leads() || failover::traits_of(agent_->machine().role()).leads;
  const bool asked = !again_ && !leads && heartbeat.is_asked(file_.state().term_seen);
  const bool noted = asked && following_->outdate();
  if (noted) heartbeat.note();
  look();
  if (noted) heartbeat_port_->send();
}

void Node::add_paths(failover::Facts& facts) const {
  if (gateway_probe_) {
    facts.gateway_at = gateway_probe_->record().answered_at();
    facts.gateway_since = gateway_probe_->record().since();
  }
  if (!heartbeat_port_) return;
  const Heartbeat& heartbeat = heartbeat_port_->heartbeat();
  const HeartbeatFrame* peer = heartbeat.peer();
  if (peer == nullptr) return;
  // A peer that does not lead is no sign of life of a primary.
  if (!runner_.leads() && (!peer->leads || peer->term < file_.state().term_seen)) return;
  facts.seen_at = std::max(facts.seen_at, heartbeat.heard_at());
  facts.heard_at = std::max(facts.heard_at, heartbeat.met_at());
  if (!runner_.leads()) return;
  facts.standby_noted = heartbeat.has_noted(agent_->machine().losses());
  facts.superseded = facts.superseded || primary_->position().term < peer->term;
}

Json Node::paths_status() const {
  Json json = Json::object();
  const Instant now = clock_.now();
  if (heartbeat_port_) {
    Json& second = json["second_path"] = Json::object();
    second["heard"] = heartbeat_port_->heartbeat().peer() != nullptr;
    if (heartbeat_port_->heartbeat().peer() != nullptr)
      second["heard_ms_ago"] = ms_between(heartbeat_port_->heartbeat().heard_at(), now);
  }
  if (gateway_probe_) {
    const GatewayRecord& record = gateway_probe_->record();
    Json& gateway = json["gateway"] = Json::object();
    gateway["answers"] = gateway_probe_->answers();
    if (!record.since().is_never())
      gateway["answered_ms_ago"] = ms_between(record.answered_at(), now);
  }
  return json;
}

}  // namespace tandemq
