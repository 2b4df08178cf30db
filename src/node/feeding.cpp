#include "node/feeding.hpp"

#include <utility>

namespace tandemq {

Feeding::Feeding(Runner& runner, Feed& feed, const Store& store, NodeFile& file,
                 ClientRoll& clients, std::shared_ptr<spdlog::logger> log, Ports ports)
    : runner_(runner),
      feed_(feed),
      store_(store),
      file_(file),
      clients_(clients),
      log_(std::move(log)),
      ports_(std::move(ports)),
      reader_(store, [this](FeedAnswer answer) {
        const auto shared = std::make_shared<FeedAnswer>(std::move(answer));
        runner_.post(
            [this, shared](Primary&, Instant now) { feed_.answer(std::move(*shared), now); });
      }) {}

Feeding::~Feeding() {
  drop_link();
  if (call_) call_->close();
}

void Feeding::take(PeerPort::Link link, Hello&& hello) {
  drop_link();
  link_ = std::move(link);
  clients_.begin();
  peer_ = link_->peer();
  peer_end_ = hello.end;
  ports_.about.connected();
  PeerLink::Handlers handlers;
  handlers.opened = [] {};
  handlers.frame = [this](Frame&& frame) {
    if (const auto* about = std::get_if<About>(&frame))
      return ports_.about.take(*about, peer_, runner_.clock().now());
    const auto shared = std::make_shared<Frame>(std::move(frame));
    runner_.run([this, shared](Primary&, Instant now) { feed_.take(std::move(*shared), now); });
  };
  handlers.closed = [this](const std::string& why, bool) {
    log_->warn("replication: the link to the standby {} has ended: {}", peer_, why);
    link_.reset();
    clients_.end();
    runner_.run([this](Primary&, Instant now) { feed_.disconnected(now); });
    ports_.link_lost();
  };
  link_->set_handlers(std::move(handlers));
  log_->info("replication: {} has connected from {}, its log ends at {}", peer_, link_->address(),
             hello.end.lsn);
  runner_.run(
      [this, &hello](Primary&, Instant now) { feed_.connected(hello, store_.first_lsn(), now); });
}

void Feeding::drop_link() {
  if (const PeerPort::Link link = std::exchange(link_, nullptr)) link->close();
  clients_.end();
}

void Feeding::replicate(Instant now) {
  fulfil(now);
  if (feed_.move() == Feed::Move::drained || feed_.move() != moved_) ports_.wishes();
  moved_ = feed_.move();
  if (feed_.take_move_wish()) ports_.move_wished();
  send(feed_.take_frames());
  if (link_ && link_->is_open())
    if (const auto about = ports_.about.due(now)) link_->send(*about);
  clients_.tell(link_.get());
  for (FeedRequest& request : feed_.take_requests()) reader_.read(std::move(request));
  for (const std::string& alarm : feed_.take_alarms()) log_->error("replication: {}", alarm);
  if (const auto why = feed_.take_hang_up()) {
    log_->warn("replication: the link to the standby {} is closed: {}", peer_, *why);
    drop_link();
  }
  if (feed_.superseded_by() && !std::exchange(told_, true))
    ports_.superseded("the node " + peer_ + " has seen a newer term");
}

void Feeding::fulfil(Instant now) {
  const Feed::Wish wish = feed_.wish();
  if (wish == Feed::Wish::none) return;
  if (!ports_.permits(wish)) return ports_.wishes();
  const bool alone = wish == Feed::Wish::alone;
  const auto written = file_.change([alone](NodeState& state) {
    state.role = alone ? NodeState::Role::solo : NodeState::Role::primary;
  });
  if (!written) {
    if (std::exchange(complaint_, written.error().text) != written.error().text)
      log_->error("replication: acknowledgements are held: {}", complaint_);
    return;
  }
  complaint_.clear();
  feed_.grant(now);
  ports_.granted();
  if (alone) {
    log_->warn("replication: this node goes on alone; each commit waits for its own disk");
  } else {
    log_->info("replication: {} is in sync", peer_);
  }
}

void Feeding::send(std::vector<Frame>&& frames) {
  if (!link_ || !link_->is_open()) return;
  for (const Frame& frame : frames) link_->send(frame);
}

void Feeding::call(const PeerPort::Link& link, Hello&& about_us) {
  if (call_) call_->close();
  call_ = link;
  PeerLink::Handlers handlers;
  handlers.opened = [] {};
  handlers.frame = [this](Frame&& frame) {
    const PeerPort::Link one = std::exchange(call_, nullptr);
    one->close();
    const auto* refused = std::get_if<Refused>(&frame);
    if (refused == nullptr) return;
    peer_ = one->peer();
    peer_end_ = refused->end;
    if (refused->why == Refused::Why::superseded && !std::exchange(told_, true))
      ports_.superseded("the node " + peer_ + " leads in a newer term");
  };
  handlers.closed = [this](const std::string&, bool) { call_.reset(); };
  call_->set_handlers(std::move(handlers));
  call_->send(std::move(about_us));
}

}  // namespace tandemq
