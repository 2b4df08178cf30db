#include "broker/drops.hpp"

#include <numeric>
#include <utility>

namespace tandemq {

std::string_view name(DropReason reason) {
  switch (reason) {
    case DropReason::queue_full:
      return "queue_full";
    case DropReason::expired:
      return "expired";
    case DropReason::packet_too_large:
      return "packet_too_large";
    case DropReason::outbox_full:
      return "outbox_full";
    case DropReason::not_authorized:
      return "not_authorized";
    case DropReason::refused:
      return "refused";
    case DropReason::session_ended:
      return "session_ended";
    case DropReason::purged:
      return "purged";
    case DropReason::damaged:
      return "damaged";
    case DropReason::disk_full:
      return "disk_full";
    case DropReason::count:
      break;
  }
  return "unknown";
}

void Drops::add(Drop drop) {
  counts_[static_cast<std::size_t>(drop.reason)] += drop.count;
  drop.sequence = next_sequence_++;
  latest_.push_back(std::move(drop));
  if (latest_.size() > kept_max_) latest_.pop_front();
}

void Drops::keep_at_most(std::size_t kept_max) {
  kept_max_ = kept_max;
  while (latest_.size() > kept_max_) latest_.pop_front();
}

std::uint64_t Drops::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

}  // namespace tandemq
