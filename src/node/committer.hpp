// Committer: the writer thread, the only one that writes the store. It takes whatever has come,
// writes it in order, forces it to the disk once for all of it (group commit), and says how far the
// log is committed; then the core lets out what waited for it.
// Owned by node; the methods are for the core thread, the ports are called by the writer thread.
#pragma once

#include "base/mailbox.hpp"
#include "config/config.hpp"
#include "config/sync_policy.hpp"
#include "journal/record.hpp"
#include "node/measures.hpp"
#include "session/tables.hpp"
#include "store/store.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <semaphore>
#include <thread>
#include <variant>
#include <vector>

namespace tandemq {

class Committer {
 public:
  struct Ports {
    // Every record up to these is with the operating system, and on the disk.
    std::function<void(Lsn written, Lsn flushed)> progress;
    std::function<void()> tables_written;  // The changes are in the store.
    // The log keeps this record and those behind it; null: as it likes.
    std::function<Lsn()> archived = nullptr;
    // The same for a standby, as far as replication.log_bytes_max and its allowance (see Feed)
    // allow.
    std::function<Lsn()> followed = nullptr;
    std::function<std::uint64_t()> allowance = nullptr;  // Never older than what `followed` said.
    Measures* measures = nullptr;                        // Null: nobody wants to know.
  };

  Committer(Store& store, const Config& config, Lsn tables_at, Ports ports);
  ~Committer();  // As stop().
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  void append(Record&& record);
  void write_tables(TableChanges&& changes);
  // Whether each batch is forced to the disk, whatever store.sync says. If not: as it says, or with
  // a peer, ten times a second.
  void set_flush(bool each_batch);
  // The disk is nearly full: see Store.
  void reclaim();
  // Writes what has come, forces it to the disk, and ends the thread.
  void stop();

  // What has come and is not committed, bytes. The core stops taking events when it is too much.
  [[nodiscard]] std::uint64_t backlog_bytes() const { return backlog_bytes_.load(); }

 private:
  struct Reclaim {};
  struct SetFlush {
    bool each_batch = false;
  };
  struct Stop {};
  using Work = std::variant<Record, TableChanges, Reclaim, SetFlush, Stop>;

  void run();
  void await_work();
  void drain();
  void take(Work& work);
  void append_pending();
  void sync();
  void tell();
  void write(const TableChanges& changes);
  void trim();

  Store& store_;
  const SyncPolicy relaxed_;
  SyncPolicy policy_;
  const std::uint64_t log_bytes_max_;
  const std::uint64_t log_bytes_followed_max_;
  Ports ports_;
  std::atomic<std::uint64_t> backlog_bytes_{0};

  // The writer thread's.
  std::vector<Work> drained_;  // Kept for its capacity.
  std::vector<Record> pending_;
  std::size_t unforced_ = 0;  // Records that were written since the last sync.
  Lsn appended_;
  Lsn flushed_;
  bool tables_ = false;
  Lsn tables_at_;
  std::optional<std::chrono::steady_clock::time_point> sync_at_;  // Of interval: the next sync.
  bool stopping_ = false;

  // Not a loop of Asio: a thread that only waits for work wakes up faster without one.
  std::counting_semaphore<> wake_{0};
  Mailbox<Work> work_;
  std::thread thread_;
};

}  // namespace tandemq
