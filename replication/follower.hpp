// Follower: the standby's side of replication: it takes the primary's records one behind the other,
// and nothing else. Each must follow by lsn, chain and term (invariant I6); what it says is applied
// to the State at once, which stays warm, and given out to be appended; and how far that has come
// is acknowledged. What is not the next record of this log ends the link and changes nothing. Never
// cuts, never decides who leads. Pure; core thread.
#pragma once

#include "base/result.hpp"
#include "replication/protocol.hpp"
#include "session/state.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tandemq {

class Follower {
 public:
  // The State stands at `end`, all of which is on the disk.
  Follower(State& state, const Position& end);

  // A primary of `term` is going to send what is behind the end.
  void begin(Term term) { leader_ = term; }
  // The error is for the log. Records before the one that is wrong are taken.
  Result<void> take(Records&& records);
  // That of the same part here; it is an error if it is of another position. If it is not the same
  // as the primary's, this State is not what the log says.
  [[nodiscard]] Result<StateDigest> digest_like(const StateDigest& theirs) const;
  void take(const Ping& ping);
  void local(Lsn written, Lsn flushed);

  // To be appended, in order.
  [[nodiscard]] std::vector<Record> take_records();
  [[nodiscard]] Durable progress() const { return progress_; }
  [[nodiscard]] const Position& end() const { return end_; }
  // What no primary will ever take back: the tables may hold it.
  [[nodiscard]] Lsn settled() const;
  // Somebody waits for the disk.
  [[nodiscard]] bool wants_flush() const { return wants_flush_; }

 private:
  Result<void> take(std::string&& bytes);

  State& state_;
  Position end_;
  Term leader_;
  Lsn committed_;  // As the primary says.
  Durable progress_;
  bool wants_flush_ = false;
  std::vector<Record> records_;
};

}  // namespace tandemq
