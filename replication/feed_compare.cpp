// How the primary compares its State with the standby's: a part now and then, or all of it for who
// has asked. A digest goes right behind the record at which the State stands.
#include "replication/feed.hpp"

#include <algorithm>

namespace tandemq {
namespace {

constexpr std::size_t kCompareSessions = 256;
constexpr std::size_t kCompareDeliveries = 4'096;  // About as many as the core should stop for.

}  // namespace

StateDigest Feed::digest_from(std::size_t first) const {
  std::size_t to = first;
  for (std::size_t deliveries = 0; to < state_.session_slots() && to < first + kCompareSessions &&
                                   deliveries < kCompareDeliveries;
       ++to) {
    const Session* session = state_.session(static_cast<SessionId>(to));
    if (session != nullptr) deliveries += std::min(session->outgoing.size(), 2 * kDigestedEnds);
  }
  return {end_.lsn, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(to),
          state_.digest(first, to)};
}

void Feed::compare() {
  if (compare_from_ >= state_.session_slots()) compare_from_ = 0;
  const StateDigest part = digest_from(compare_from_);
  compare_from_ = part.last_session;
  frames_.emplace_back(part);
}

Result<void> Feed::begin_comparison() {
  if (phase_ == Phase::absent) return failure("no standby is connected");
  if (phase_ != Phase::streaming) return failure("the standby is catching up: ask again later");
  if (comparison_.phase() == Comparison::Phase::under_way)
    return failure("a comparison is under way already");
  comparison_.begin();
  return {};
}

void Feed::verify() {
  if (!verifies() || phase_ != Phase::streaming || next_ <= end_.lsn) return;
  const StateDigest part = digest_from(comparison_.next_session());
  frames_.emplace_back(part);
  comparison_.sent(part, part.last_session >= state_.session_slots());
}

}  // namespace tandemq
