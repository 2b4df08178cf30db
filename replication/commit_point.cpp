#include "replication/commit_point.hpp"

#include <algorithm>

namespace tandemq {

CommitPoint::CommitPoint(ReplicationMode mode, bool relaxed, Lsn lsn)
    : mode_(mode), relaxed_(relaxed), committed_(lsn), local_{lsn, lsn, lsn} {}

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

void CommitPoint::remove() {
  phase_ = Phase::solo;
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
  Lsn lsn = needs_flush() ? local_.flushed : local_.written;
  if (phase_ != Phase::solo) lsn = std::min(lsn, of_standby());
  committed_ = std::max(committed_, lsn);
}

}  // namespace tandemq
