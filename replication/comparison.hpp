// Comparison: a comparison of the States of both nodes while they work, part by part, each at a
// position at which both stand: what has been sent, what has come back, and what follows. One part
// at a time is under way. Pure; owned by Feed.
#pragma once

#include "replication/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace tandemq {

class Comparison {
 public:
  enum class Phase : std::uint8_t {
    none,       // Nobody has asked yet.
    under_way,  // Parts are compared.
    equal,      // All of them were.
    differs,    // One was not.
    broken,     // It came to no end.
  };

  void begin();
  void sent(const StateDigest& ours, bool is_last);
  // An answer to what nobody has asked for is none.
  void take(const StateDigest& theirs);
  // If it is under way: the end of it.
  void end(std::string why, bool differs);

  [[nodiscard]] bool wants_part() const { return phase_ == Phase::under_way && !awaits_; }
  [[nodiscard]] std::size_t next_session() const { return last_.last_session; }

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] Lsn first_lsn() const { return first_lsn_; }  // Of the first part,
  [[nodiscard]] Lsn last_lsn() const { return last_.lsn; }    // and of the last one so far.
  [[nodiscard]] std::uint64_t parts() const { return parts_; }
  // Of the digests of all parts.
  [[nodiscard]] std::uint64_t ours() const { return ours_; }
  [[nodiscard]] std::uint64_t theirs() const { return theirs_; }
  [[nodiscard]] const std::string& why() const { return why_; }

 private:
  Phase phase_ = Phase::none;
  StateDigest last_;  // Sent.
  bool awaits_ = false;
  bool is_last_ = false;
  Lsn first_lsn_ = 0;
  std::uint64_t parts_ = 0;
  std::uint64_t ours_ = 0;
  std::uint64_t theirs_ = 0;
  std::string why_;
};

}  // namespace tandemq
