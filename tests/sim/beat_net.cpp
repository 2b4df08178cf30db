#include "tests/sim/beat_net.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {
namespace {

constexpr std::uint32_t kTwiceOnceIn = 20;

}  // namespace

void BeatNet::send(NodeIndex from, std::string bytes, Instant now) {
  if (cut_until_[other(from)] > now || luck_.once_in(lost_once_in_)) return;
  if (luck_.once_in(kTwiceOnceIn))
    flying_.push_back({now.plus_ms(luck_.below(2 * lag_ms_)), other(from), bytes});
  flying_.push_back({now.plus_ms(luck_.below(lag_ms_)), other(from), std::move(bytes)});
}

void BeatNet::cut(NodeIndex towards, Instant until) {
  cut_until_[towards] = std::max(cut_until_[towards], until);
}

Instant BeatNet::next_due() const {
  Instant due = Instant::never();
  for (const Datagram& one : flying_)
    if (!frozen_[one.to]) due = std::min(due, one.due);
  return due;
}

void BeatNet::act() {
  const auto next = std::min_element(flying_.begin(), flying_.end(),
                                     [this](const Datagram& one, const Datagram& two) {
                                       if (frozen_[one.to] != frozen_[two.to])
                                         return frozen_[two.to];
                                       return one.due < two.due;
                                     });
  if (next == flying_.end()) return;
  const Datagram datagram = std::move(*next);
  flying_.erase(next);
  handlers_[datagram.to](datagram.bytes);
}

}  // namespace tandemq::sim
