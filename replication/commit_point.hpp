// CommitPoint: up to where the log is committed, that is, durable on every node that the role
// requires (replication.mode). It only counts; who is a standby, and since when, it is told.
// Owned by Feed.
//
// At the level of the node (replication.mode):
//
//   phase      a record is committed when
//   solo       it is flushed here (relaxed: written)
//   admitting  it is flushed here, and the standby has it as the mode asks
//   paired     it is written here (flushed: flushed), and the standby has it as the mode asks
//
// From the moment a standby is admitted every commit needs it. Once it has the record that was the
// last one then, it may be called in sync: it has all that was ever committed, and may be promoted.
//
// Acknowledgements may ask for another level (base/commit_level.hpp). Alone, those that stand
// behind `async` all mean the disk of this node.
#pragma once

#include "config/config.hpp"
#include "journal/committed.hpp"
#include "replication/protocol.hpp"

#include <cstdint>

namespace tandemq {

class CommitPoint {
 public:
  enum class Phase : std::uint8_t { solo, admitting, paired };

  // Everything up to `lsn` is committed. `relaxed`: alone, a written record is a committed one.
  CommitPoint(ReplicationMode mode, bool relaxed, Lsn lsn);

  void local(Lsn written, Lsn flushed);
  // The standby has everything up to `last`, nearly: from now on it is needed.
  void admit(Lsn last);
  void standby(const Durable& progress);
  // Of async: beyond `lsn` more would be acknowledged than the standby may lack.
  void allow(Lsn lsn);
  [[nodiscard]] bool has_barrier() const;  // Of admitting: it may be called in sync.
  void pair();
  // The standby is lost. What it has is committed still, but from now on on this node's disk too,
  // for this node may be listed alone before it is told so.
  void leave();
  // It is not needed from now on. Whether that is allowed was decided before.
  void remove();

  [[nodiscard]] Lsn committed() const { return levels_.at(level_); }  // Never falls.
  [[nodiscard]] const Committed& levels() const { return levels_; }
  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] const Durable& standby() const { return standby_; }
  [[nodiscard]] const Durable& local() const { return local_; }
  // The standby has it as the mode asks, up to here.
  [[nodiscard]] Lsn of_standby() const;
  // Whether a commit waits for the disk of this node.
  [[nodiscard]] bool needs_flush() const;

 private:
  void update();
  [[nodiscard]] Committed with_standby() const;

  const ReplicationMode mode_;
  const bool relaxed_;
  const CommitLevel level_;
  Phase phase_ = Phase::solo;
  bool leaves_ = false;
  Committed levels_;
  Lsn allowed_ = UINT64_MAX;
  Lsn barrier_ = 0;  // Of admitting: what the standby must have.
  Durable local_;
  Durable standby_;
};

}  // namespace tandemq
