#include "tests/sim/slow_writer.hpp"

#include <algorithm>
#include <utility>

namespace tandemq::sim {

void SlowWriter::append(Record&& record, Instant now) {
  queue_.emplace_back(std::move(record));
  if (due_.is_never()) wake(now);
}

void SlowWriter::write_tables(TableChanges&& changes, Instant now) {
  queue_.emplace_back(std::move(changes));
  if (due_.is_never()) wake(now);
}

void SlowWriter::set_flush(bool each_group, Instant now) {
  flushes_ = each_group;
  if (due_.is_never() && flushed_ != written_) wake(now);
}

void SlowWriter::set_followed(std::function<Lsn()> followed,
                              std::function<std::uint64_t()> log_bytes_max) {
  followed_ = std::move(followed);
  followed_bytes_max_ = std::move(log_bytes_max);
}

void SlowWriter::finish() {
  while (!queue_.empty() || !group_.empty()) {
    if (group_.empty()) gather();
    write_next();
  }
  sync();
}

void SlowWriter::set_lag(std::uint32_t lag_ms, Instant now) {
  lag_ms_ = lag_ms;
  if (!due_.is_never()) wake(now);
}

void SlowWriter::wake(Instant now) {
  due_ = now.plus_ms(luck_.below(luck_.once_in(30) ? 20ULL * lag_ms_ : lag_ms_));
}

SlowWriter::Report SlowWriter::act(Instant now) {
  Report report;
  switch (stage_) {
    case Stage::gather:
      if (queue_.empty() && flushed_ == written_) {
        due_ = Instant::never();
        return report;
      }
      gather();
      if (commits_early()) report = report_log();
      stage_ = Stage::write;
      break;
    case Stage::write:
      if (!group_.empty()) write_next();
      if (group_.empty()) stage_ = Stage::sync;
      break;
    case Stage::sync:
      if (flushes_ ? last_taken_ != 0 || flushed_ != written_ || luck_.once_in(4)
                   : luck_.once_in(6))
        sync();
      stage_ = Stage::report_log;
      break;
    case Stage::report_log:
      if (!commits_early()) report = report_log();
      stage_ = Stage::report_tables;
      if (!luck_.once_in(2)) break;
      [[fallthrough]];  // Both in one wake-up of the core.
    case Stage::report_tables:
      report.tables_written = std::exchange(wrote_tables_, false);
      stage_ = Stage::trim;
      break;
    case Stage::trim:
      trim();
      stage_ = Stage::gather;
      break;
  }
  wake(now);
  return report;
}

void SlowWriter::gather() {
  last_taken_ = 0;
  if (queue_.empty()) return;
  for (std::size_t n = 1 + luck_.below(queue_.size()); n > 0; --n) {
    if (const auto* record = std::get_if<Record>(&queue_.front()))
      last_taken_ = record->position.lsn;
    group_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
}

SlowWriter::Report SlowWriter::report_log() {
  Report report;
  if (commits_early() && last_taken_ != 0) written_ = flushed_ = last_taken_;
  if (written_ == told_.written && flushed_ == told_.flushed) return report;
  told_ = {written_, flushed_};
  report.progress = told_;
  return report;
}

// Records in a row may be one write, table changes are one each.
void SlowWriter::write_next() {
  if (fault_ == Fault::tables_before_log) overtake();
  if (auto* changes = std::get_if<TableChanges>(&group_.front())) {
    write(std::move(*changes));
    group_.pop_front();
    return;
  }
  std::vector<Record> records;
  while (!group_.empty() && std::holds_alternative<Record>(group_.front())) {
    records.push_back(std::move(std::get<Record>(group_.front())));
    group_.pop_front();
    if (luck_.once_in(3)) break;
  }
  store_.append(records);
  written_ = std::max(written_, records.back().position.lsn);
}

void SlowWriter::sync() {
  store_.sync();
  flushed_ = written_;
}

void SlowWriter::write(TableChanges changes) {
  if (fault_ == Fault::loses_a_row && changes.puts.size() > 1)
    changes.puts.erase(changes.puts.begin());
  store_.write_tables(changes);
  tables_at_ = changes.at.lsn;
  wrote_tables_ = true;
}

void SlowWriter::overtake() {
  const auto tables = std::find_if(queue_.begin(), queue_.end(), [](const Work& work) {
    return std::holds_alternative<TableChanges>(work);
  });
  if (tables == queue_.end()) return;
  write(std::move(std::get<TableChanges>(*tables)));
  queue_.erase(tables);
}

void SlowWriter::trim() {
  if (fault_ == Fault::trims_too_much) return store_.trim(store_.last_lsn());
  const Lsn first = store_.first_lsn();
  if (store_.log_bytes() <= log_bytes_max_ || tables_at_ <= first) return;
  Lsn before = first + luck_.below(tables_at_ - first + 1);
  if (followed_ && store_.log_bytes() <= followed_bytes_max_())
    before = std::min(before, followed_());
  if (before > first) store_.trim(before);
}

}  // namespace tandemq::sim
