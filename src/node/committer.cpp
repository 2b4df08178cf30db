#include "node/committer.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tandemq {
namespace {

constexpr std::uint32_t kRelaxedMs = 100;

SyncPolicy relaxed_of(const Config& config) {
  if (config.store.in_memory) return {};  // A sync costs nothing there.
  if (!config.replication.peer.empty()) return {SyncPolicy::Mode::interval, kRelaxedMs};
  const auto policy = parse_sync_policy(config.store.sync);
  ENSURE(policy, "the settings were checked");
  return *policy;
}

}  // namespace

Committer::Committer(Store& store, const Config& config, Lsn tables_at, Ports ports)
    : store_(store),
      relaxed_(relaxed_of(config)),
      policy_(relaxed_),
      log_bytes_max_(config.store.log_bytes_max),
      log_bytes_followed_max_(config.replication.log_bytes_max),
      ports_(std::move(ports)),
      appended_(store.last_lsn()),
      flushed_(appended_),
      tables_at_(config.store.in_memory ? UINT64_MAX : tables_at),
      work_(SIZE_MAX, [this] { wake_.release(); }),
      thread_([this] { run(); }) {}

Committer::~Committer() {
  stop();
}

void Committer::append(Record&& record) {
  backlog_bytes_ += record.bytes.size();
  work_.put(std::move(record));
}

void Committer::write_tables(TableChanges&& changes) {
  work_.put(std::move(changes));
}

void Committer::set_flush(bool each_batch) {
  work_.put(SetFlush{each_batch});
}

void Committer::reclaim() {
  work_.put(Reclaim{});
}

void Committer::stop() {
  if (!thread_.joinable()) return;
  work_.put(Stop{});
  thread_.join();
}

// ---------------------------------------------------------------- the writer thread

void Committer::run() {
  while (!stopping_) {
    await_work();
    drain();
  }
  store_.sync();
}

void Committer::await_work() {
  if (!sync_at_) return wake_.acquire();
  if (wake_.try_acquire_until(*sync_at_)) return;
  sync();
  tell();
}

void Committer::drain() {
  work_.drain(drained_);
  if (drained_.empty()) return;
  const Lsn before = appended_;
  const Lsn flushed_before = flushed_;
  std::uint64_t bytes = 0;
  for (Work& work : drained_) {
    if (auto* record = std::get_if<Record>(&work)) {
      bytes += record->bytes.size();
      pending_.push_back(std::move(*record));
    } else {
      take(work);
    }
  }
  append_pending();
  if (appended_ != before || policy_.mode == SyncPolicy::Mode::commit) {
    if (policy_.mode == SyncPolicy::Mode::commit && flushed_ != appended_) sync();
    if (policy_.mode == SyncPolicy::Mode::interval && !sync_at_)
      sync_at_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(policy_.interval_ms);
  }
  if (appended_ != before || flushed_ != flushed_before) tell();
  backlog_bytes_ -= bytes;
  if (std::exchange(tables_, false)) {
    ports_.tables_written();
    trim();
  } else if (tables_at_ == UINT64_MAX) {
    trim();
  }
}

void Committer::take(Work& work) {
  if (std::holds_alternative<Stop>(work)) {
    stopping_ = true;
  } else if (std::holds_alternative<Reclaim>(work)) {
    store_.reclaim();
  } else if (const auto* flush = std::get_if<SetFlush>(&work)) {
    policy_ = flush->each_batch ? SyncPolicy{} : relaxed_;
  } else {
    append_pending();  // The tables must not be ahead of the log.
    write(std::get<TableChanges>(work));
    tables_ = true;
  }
}

void Committer::sync() {
  const auto began = std::chrono::steady_clock::now();
  store_.sync();
  if (ports_.measures != nullptr && unforced_ > 0) {
    ports_.measures->fsync_ns.observe(ns_since(began));
    ports_.measures->group_records.observe(unforced_);
  }
  unforced_ = 0;
  sync_at_.reset();
  flushed_ = appended_;
}

void Committer::tell() {
  ports_.progress(appended_, flushed_);
}

void Committer::append_pending() {
  if (pending_.empty()) return;
  store_.append(pending_);
  appended_ = pending_.back().position.lsn;
  unforced_ += pending_.size();
  pending_.clear();
}

void Committer::write(const TableChanges& changes) {
  store_.write_tables(changes);
  tables_at_ = changes.at.lsn;
}

// Keeps log_bytes_max of what the tables hold already; records are taken to be of one size.
void Committer::trim() {
  const std::uint64_t bytes = store_.log_bytes();
  const Lsn first = store_.first_lsn();
  const Lsn last = store_.last_lsn();
  if (bytes <= log_bytes_max_ || last < first) return;
  const auto keeping = [&](std::uint64_t bytes_max) {
    if (bytes <= bytes_max) return first;
    const auto surplus = static_cast<double>(bytes - bytes_max) / static_cast<double>(bytes);
    return first + static_cast<Lsn>(surplus * static_cast<double>(last - first + 1));
  };
  Lsn before = std::min(keeping(log_bytes_max_), tables_at_);  // Replay begins behind it.
  if (ports_.archived) before = std::min(before, ports_.archived());
  // A standby that is further behind than that gets an image.
  if (ports_.followed) {
    const Lsn followed = ports_.followed();  // First: its allowance was told before it.
    const std::uint64_t more = ports_.allowance ? ports_.allowance() : 0;
    const std::uint64_t most = log_bytes_followed_max_ + std::min(more, UINT64_MAX / 2);
    before = std::min(before, std::max(followed, keeping(most)));
  }
  if (before > first) store_.trim(before);
}

}  // namespace tandemq
