#include "core/materialiser.hpp"

#include "base/ensure.hpp"

#include <utility>

namespace tandemq {
namespace {

// Long enough for messages to subscribers that are there to come and go, short enough for a
// recovery that has little to replay.
constexpr std::int64_t kRoundMs = 1'000;
// A round holds up the core for a few milliseconds at most.
constexpr std::size_t kRowsMax = 4'096;
constexpr std::uint64_t kBytesMax = 4'000'000;

}  // namespace

bool Materialiser::due(Lsn last, Instant now) const {
  if (under_way_) return false;
  const TableMarks& marks = state_.marks();
  const bool much = marks.rows() >= kRowsMax || marks.unwritten_bytes >= kBytesMax;
  return much || (last > collected_at_ && now >= next_round_);
}

Instant Materialiser::next_due(Lsn last) const {
  return under_way_ || last <= collected_at_ ? Instant::never() : next_round_;
}

void Materialiser::collect(const Position& at, Instant now) {
  ENSURE(!under_way_, "one round at a time");
  under_way_ = true;
  changes_ = state_.collect_changes(at);
  collected_at_ = at.lsn;
  next_round_ = now.plus_ms(kRoundMs);
}

std::optional<TableChanges> Materialiser::take(Lsn committed) {
  if (!changes_ || changes_->at.lsn > committed) return std::nullopt;
  return std::exchange(changes_, std::nullopt);
}

void Materialiser::written() {
  ENSURE(under_way_ && !changes_, "only what was taken can have been written");
  under_way_ = false;
  state_.tables_written();
}

}  // namespace tandemq
