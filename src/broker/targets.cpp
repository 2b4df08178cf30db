#include "broker/targets.hpp"

#include <algorithm>

namespace tandemq {

void Target::join(const Subscription& subscription, std::uint8_t message_qos) {
  const std::uint8_t granted = subscription.options.qos;
  qos = std::max(qos, std::min(granted, message_qos));
  if (subscription.options.retain_as_published) retain_as_published = true;
  if (subscription.identifier != 0) subscription_ids.push_back(subscription.identifier);
}

void TargetList::clear() {
  list_.clear();
  if (++round_ == 0) {
    std::fill(round_of_.begin(), round_of_.end(), 0);
    round_ = 1;
  }
}

Target& TargetList::append(SessionId session) {
  Target& target = list_.emplace_back();
  target.session = session;
  return target;
}

void TargetList::add(const Subscription& subscription, std::uint8_t message_qos) {
  const std::size_t i = index(subscription.session);
  if (round_of_.size() <= i) {
    round_of_.resize(i + 1);
    entry_of_.resize(i + 1);
  }
  if (round_of_[i] != round_) {
    round_of_[i] = round_;
    entry_of_[i] = static_cast<std::uint32_t>(list_.size());
    append(subscription.session);
  }
  list_[entry_of_[i]].join(subscription, message_qos);
}

Target& TargetList::add_shared(const Subscription& subscription, std::uint8_t message_qos,
                               std::uint64_t share) {
  Target& target = append(subscription.session);
  target.share = share;
  target.join(subscription, message_qos);
  return target;
}

}  // namespace tandemq
