#include "replication/comparison.hpp"

#include "base/checksum.hpp"

#include <utility>

namespace tandemq {
namespace {

std::uint64_t chained(std::uint64_t before, std::uint64_t digest) {
  std::string bytes;
  Writer(bytes).u64(digest);
  return checksum(bytes, before);
}

}  // namespace

void Comparison::begin() {
  *this = Comparison();
  phase_ = Phase::under_way;
}

void Comparison::sent(const StateDigest& ours, bool is_last) {
  if (parts_++ == 0) first_lsn_ = ours.lsn;
  last_ = ours;
  is_last_ = is_last;
  awaits_ = true;
}

void Comparison::take(const StateDigest& theirs) {
  const bool is_answer = awaits_ && theirs.lsn == last_.lsn &&
                         theirs.first_session == last_.first_session &&
                         theirs.last_session == last_.last_session;
  if (phase_ != Phase::under_way || !is_answer) return;
  awaits_ = false;
  ours_ = chained(ours_, last_.digest);
  theirs_ = chained(theirs_, theirs.digest);
  if (theirs.digest != last_.digest) {
    end("the sessions from " + std::to_string(last_.first_session) + " to " +
            std::to_string(last_.last_session) + ", or the counts of all else, differ",
        true);
  } else if (is_last_) {
    phase_ = Phase::equal;
  }
}

void Comparison::end(std::string why, bool differs) {
  if (phase_ != Phase::under_way) return;
  phase_ = differs ? Phase::differs : Phase::broken;
  awaits_ = false;
  why_ = std::move(why);
}

}  // namespace tandemq
