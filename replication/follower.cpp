#include "replication/follower.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {

Follower::Follower(State& state, const Position& end)
    : state_(state), end_(end), committed_(0), progress_{end.lsn, end.lsn, end.lsn} {}

Result<void> Follower::take(Records&& records) {
  if (records.first != end_.lsn + 1)
    return failure("record " + std::to_string(records.first) + " came where " +
                   std::to_string(end_.lsn + 1) + " is the next one");
  wants_flush_ = records.flush;
  for (std::string& bytes : records.records)
    if (auto taken = take(std::move(bytes)); !taken) return taken;
  committed_ = std::max(committed_, records.committed);
  return {};
}

Result<void> Follower::take(std::string&& bytes) {
  const auto record = open_record(bytes, end_);
  if (!record) return tl::unexpected(record.error());
  const std::string where = "record " + std::to_string(record->position.lsn);
  if (record->position.term < end_.term || leader_ < record->position.term)
    return failure(where + " is of a term that it cannot be of");
  for (const Mutation& mutation : record->mutations) {
    // A whole log has none; and a standby that ends itself over one would help nobody.
    if (const std::string why = state_.objection_to(mutation); !why.empty())
      return failure(where + " does not fit this State: " + why);
    state_.apply(mutation);
  }
  end_ = record->position;
  progress_.received = end_.lsn;
  records_.push_back({end_, std::move(bytes)});
  return {};
}

Result<StateDigest> Follower::digest_like(const StateDigest& theirs) const {
  if (theirs.lsn != end_.lsn) return failure("a digest came where it does not belong");
  StateDigest ours = theirs;
  ours.digest = state_.digest(ours.first_session, ours.last_session);
  return ours;
}

void Follower::take(const Ping& ping) {
  committed_ = std::max(committed_, ping.committed);
}

void Follower::local(Lsn written, Lsn flushed) {
  progress_.written = std::max(progress_.written, written);
  progress_.flushed = std::max(progress_.flushed, flushed);
}

std::vector<Record> Follower::take_records() {
  return std::exchange(records_, {});
}

Lsn Follower::settled() const {
  return std::min(committed_, progress_.written);
}

}  // namespace tandemq
