// The clients of the node that led before: woken, so that they come at once.
#include "node/node.hpp"

namespace tandemq {

void Node::prepare_wake() {
  if (auto able = failover::Waker::check(); !able) {
    no_wake_ = able.error().text;
    log_->info(
        "failover: idle clients are not woken after a takeover, and notice it at their next "
        "keep-alive: {}",
        no_wake_);
    return;
  }
  waker_ = std::make_unique<failover::Waker>(
      io_, config_.failover.vip_address,
      [this](const std::string& text) { log_->info("{}", text); });
}

void Node::wake_clients() {
  if (waker_ && following_) waker_->wake(following_->clients().all());
}

Json Node::wake_status() const {
  Json json{{"enabled", waker_ != nullptr}};
  if (!waker_) json["why_not"] = no_wake_;
  if (waker_) json["sent"] = waker_->sent();
  if (!runner_.leads()) json["clients_known"] = following_->clients().size();
  return json;
}

}  // namespace tandemq
