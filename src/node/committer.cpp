#include "node/committer.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tandemq {
namespace {

SyncPolicy policy_of(const StoreConfig& config) {
  if (config.in_memory) return {};  // A sync costs nothing there.
  const auto policy = parse_sync_policy(config.sync);
  ENSURE(policy, "the settings were checked");
  return *policy;
}

}  // namespace

Committer::Committer(Store& store, const StoreConfig& config, Lsn tables_at, Ports ports)
    : store_(store),
      policy_(policy_of(config)),
      log_bytes_max_(config.log_bytes_max),
      ports_(std::move(ports)),
      tables_at_(config.in_memory ? UINT64_MAX : tables_at),
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
  sync_at_.reset();
  store_.sync();
}

void Committer::drain() {
  work_.drain(drained_);
  if (drained_.empty()) return;
  const Lsn before = appended_;
  std::uint64_t bytes = 0;
  bool tables = false;
  for (Work& work : drained_) {
    if (auto* record = std::get_if<Record>(&work)) {
      bytes += record->bytes.size();
      pending_.push_back(std::move(*record));
      continue;
    }
    if (std::holds_alternative<Stop>(work)) {
      stopping_ = true;
      continue;
    }
    if (std::holds_alternative<Reclaim>(work)) {
      store_.reclaim();
      continue;
    }
    append_pending();  // The tables must not be ahead of the log.
    write(std::get<TableChanges>(work));
    tables = true;
  }
  append_pending();
  if (appended_ != before) {
    if (policy_.mode == SyncPolicy::Mode::commit) store_.sync();
    if (policy_.mode == SyncPolicy::Mode::interval && !sync_at_)
      sync_at_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(policy_.interval_ms);
    ports_.committed(appended_);
  }
  backlog_bytes_ -= bytes;
  if (tables) ports_.tables_written();
  if (tables || tables_at_ == UINT64_MAX) trim();
}

void Committer::append_pending() {
  if (pending_.empty()) return;
  store_.append(pending_);
  appended_ = pending_.back().position.lsn;
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
  const std::uint64_t count = last - first + 1;
  const auto surplus = static_cast<double>(bytes - log_bytes_max_) / static_cast<double>(bytes);
  const Lsn wanted = first + static_cast<Lsn>(surplus * static_cast<double>(count));
  Lsn before = std::min(wanted, tables_at_);  // Replay begins behind it.
  if (ports_.archived) before = std::min(before, ports_.archived());
  if (before > first) store_.trim(before);
}

}  // namespace tandemq
