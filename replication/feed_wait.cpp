// Feed: what waits for the standby, and whether this node may go on without it.
#include "replication/feed.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {

bool Feed::needs_flush() const {
  const bool awaited = std::min(awaited_.local, awaited_.flushed) != UINT64_MAX;
  return wish_ == Wish::alone || awaited || commit_.needs_flush();
}

// A node that goes on alone is taken to have all there is. What was let out when the standby had it
// may not be on this disk yet; it is, before the wish is told.
Feed::Wish Feed::wish() const {
  const bool whole = commit_.local().flushed >= commit_.committed();
  return wish_ == Wish::alone && !whole ? Wish::none : wish_;
}

void Feed::grant(Instant now) {
  if (wish() == Wish::none) return;
  const Wish wish = std::exchange(wish_, Wish::none);
  if (wish == Wish::alone) {
    commit_.remove();
  } else if (wish == Wish::pair && commit_.phase() == CommitPoint::Phase::admitting) {
    commit_.pair();
    paired_at_ = now;
    ping(now);
  }
  set_due(now);
}

// Whether the standby may be told so: not any more when this node is about to go on alone.
bool Feed::in_sync() const {
  return commit_.phase() == CommitPoint::Phase::paired && wish_ != Wish::alone;
}

// The first record that somebody waits for until the standby has it.
Lsn Feed::awaited_of_standby() const {
  Lsn lsn = config_.mode == ReplicationMode::async ? UINT64_MAX : commit_.of_standby() + 1;
  const Durable& standby = commit_.standby();
  if (awaited_.written > standby.written) lsn = std::min(lsn, awaited_.written);
  if (awaited_.flushed > standby.flushed) lsn = std::min(lsn, awaited_.flushed);
  return lsn;
}

// Since when commits wait for the standby: not before it was admitted.
Instant Feed::waiting_since() const {
  if (commit_.phase() == CommitPoint::Phase::solo || wish_ == Wish::alone) return Instant::never();
  const Lsn lsn = awaited_of_standby();
  if (lsn > end_.lsn) return Instant::never();
  return lsn < recent_first() ? admitted_at_
                              : std::max(admitted_at_, recent_[lsn - recent_first()].at);
}

Instant Feed::unacknowledged_since() const {
  const Lsn lsn = config_.mode == ReplicationMode::flushed   ? acknowledged_.flushed
                  : config_.mode == ReplicationMode::written ? acknowledged_.written
                                                             : acknowledged_.received;
  if (lsn >= end_.lsn || recent_.empty()) return Instant::never();
  return recent_[std::max(lsn + 1, recent_first()) - recent_first()].at;
}

// Acknowledgements wait before more bytes are only here than replication.max_lag_bytes.
void Feed::allow_lag() {
  if (config_.mode != ReplicationMode::async || recent_.empty()) return;
  const Lsn from = std::max(acknowledged_.received + 1, recent_first());
  if (from > end_.lsn) return commit_.allow(end_.lsn);
  const auto first = recent_.begin() + static_cast<std::ptrdiff_t>(from - recent_first());
  const std::uint64_t limit = first->bytes_before + config_.max_lag_bytes;
  const auto beyond = std::partition_point(first, recent_.end(), [limit](const Recent& one) {
    return one.bytes_before + one.bytes.size() <= limit;
  });
  commit_.allow(from - 1 + static_cast<Lsn>(beyond - first));
}

bool Feed::is_lagging() const {
  return config_.mode == ReplicationMode::async && commit_.phase() != CommitPoint::Phase::solo &&
         lag_bytes() > config_.max_lag_bytes;
}

Lsn Feed::needed_from() const {
  switch (phase_) {
    case Phase::absent:
      return image_open_ || image_sent_ ? image_.at.lsn + 1 : absent_needs_;
    case Phase::image:
      return image_.at.lsn + 1;
    case Phase::probing:
      return next_;
    case Phase::catching_up:
    case Phase::streaming:
      return acknowledged_.received + 1;
  }
  return UINT64_MAX;
}

}  // namespace tandemq
