#include "replication/commit_point.hpp"

#include "config/ack_rule.hpp"

#include <algorithm>

namespace tandemq {

CommitPoint::CommitPoint(ReplicationMode mode, bool relaxed, Lsn lsn)
    : mode_(mode),
      relaxed_(relaxed),
      level_(relaxed ? CommitLevel::async : level_of(mode)),
      levels_(lsn),
      local_{lsn, lsn, lsn} {}

void CommitPoint::local(Lsn written, Lsn flushed) {
  local_.written = std::max(local_.written, written);
  local_.flushed = std::max(local_.flushed, flushed);
  update();
}

void CommitPoint::admit(Lsn last) {
  phase_ = Phase::admitting;
  barrier_ = last;
  standby_ = {};
}

void CommitPoint::standby(const Durable& progress) {
  if (phase_ == Phase::solo) return;
  standby_ = progress;
  update();
}

void CommitPoint::allow(Lsn lsn) {
  allowed_ = lsn;
  update();
}

bool CommitPoint::has_barrier() const {
  return phase_ == Phase::admitting && standby_.written >= barrier_ && of_standby() >= barrier_;
}

void CommitPoint::pair() {
  phase_ = Phase::paired;
  update();
}

void CommitPoint::leave() {
  leaves_ = phase_ != Phase::solo;
}

void CommitPoint::remove() {
  phase_ = Phase::solo;
  leaves_ = false;
  update();
}

bool CommitPoint::needs_flush() const {
  if (phase_ == Phase::solo) return !relaxed_;
  return phase_ == Phase::admitting || mode_ == ReplicationMode::flushed;
}

Lsn CommitPoint::of_standby() const {
  switch (mode_) {
    case ReplicationMode::async:
      return allowed_;
    case ReplicationMode::received:
      return standby_.received;
    case ReplicationMode::written:
      return standby_.written;
    case ReplicationMode::flushed:
      return standby_.flushed;
  }
  return 0;
}

void CommitPoint::update() {
  if (phase_ != Phase::solo) return levels_.advance(with_standby());
  Committed alone(local_.flushed);
  if (relaxed_) alone.set(CommitLevel::async, local_.written);
  levels_.advance(alone);
}

// While it joins or leaves, this node's disk is needed too.
Committed CommitPoint::with_standby() const {
  const bool flushed = phase_ == Phase::admitting || leaves_;
  const Lsn here = flushed ? local_.flushed : local_.written;
  const Lsn received = std::min(here, standby_.received);
  const Lsn written = std::min(here, standby_.written);
  const bool is_async = mode_ == ReplicationMode::async;
  // Each at the most what the one before it is, so that they stay in their order.
  Committed levels;
  Lsn lsn = is_async   ? std::min(here, allowed_)
            : relaxed_ ? std::min(here, of_standby())
                       : UINT64_MAX;
  const auto set = [&](CommitLevel level, Lsn wanted) {
    lsn = std::min(lsn, wanted);
    levels.set(level, lsn);
  };
  set(CommitLevel::async, lsn);
  set(CommitLevel::local,
      std::max(local_.flushed, mode_ == ReplicationMode::received ? received : written));
  set(CommitLevel::received, received);
  set(CommitLevel::written, written);
  set(CommitLevel::flushed, std::min(local_.flushed, standby_.flushed));
  return levels;
}

}  // namespace tandemq
