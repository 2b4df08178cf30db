#include "store/log_sizes.hpp"

#include <algorithm>

namespace tandemq {

void LogSizes::start(Lsn first) {
  end_ = {first, 0};
  marks_.assign(1, end_);
}

void LogSizes::add(Lsn next, std::uint64_t bytes) {
  if (end_.offset - marks_.back().offset >= kMarkBytes) marks_.push_back(end_);
  end_ = {next, end_.offset + bytes};
}

void LogSizes::forget_before(Lsn lsn) {
  lsn = std::min(lsn, end_.lsn);
  if (lsn <= marks_.front().lsn) return;
  const Mark first{lsn, offset_of(lsn)};
  while (!marks_.empty() && marks_.front().lsn <= lsn) marks_.pop_front();
  marks_.push_front(first);
}

void LogSizes::forget_from(Lsn lsn) {
  if (lsn >= end_.lsn) return;
  if (lsn <= marks_.front().lsn) return start(lsn);
  end_ = {lsn, offset_of(lsn)};
  while (marks_.back().lsn >= lsn) marks_.pop_back();
}

std::uint64_t LogSizes::bytes_before(Lsn lsn) const {
  return offset_of(lsn) - marks_.front().offset;
}

std::uint64_t LogSizes::offset_of(Lsn lsn) const {
  if (lsn >= end_.lsn) return end_.offset;
  const auto after = std::upper_bound(marks_.begin(), marks_.end(), lsn,
                                      [](Lsn value, const Mark& mark) { return value < mark.lsn; });
  if (after == marks_.begin()) return marks_.front().offset;
  const Mark& low = *(after - 1);
  const Mark& high = after == marks_.end() ? end_ : *after;
  // No overflow: 64 GiB between two marks times 100 million records still fit.
  return low.offset + (high.offset - low.offset) * (lsn - low.lsn) / (high.lsn - low.lsn);
}

}  // namespace tandemq
