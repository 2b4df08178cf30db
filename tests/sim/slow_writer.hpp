// SlowWriter: the writer thread (node/committer) in virtual time. It does one thing at a time, a
// write, a sync, a report or a trim, and each takes a while, so that the power may fail between any
// two. With a Fault it is a wrong one: the judges must notice.
// Owned by one Simulation; ends with the power.
#pragma once

#include "base/time.hpp"
#include "store/memory_store.hpp"
#include "tests/sim/luck.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

namespace tandemq::sim {

enum class Fault : std::uint8_t {
  none,
  commits_before_sync,  // Says that records are committed before they are forced to the disk.
  tables_before_log,    // The same, and table changes overtake the records.
  trims_too_much,       // Trims what the tables do not hold yet.
  loses_a_row,          // Leaves a row of the table changes out.
};

class SlowWriter {
 public:
  // What the core must be told.
  struct Progress {
    Lsn written = 0;
    Lsn flushed = 0;
  };
  struct Report {
    std::optional<Progress> progress;
    bool tables_written = false;
  };

  SlowWriter(MemoryStore& store, Luck& luck, Fault fault, std::uint64_t log_bytes_max,
             Lsn tables_at, std::uint32_t lag_ms)
      : store_(store),
        luck_(luck),
        fault_(fault),
        log_bytes_max_(log_bytes_max),
        tables_at_(tables_at),
        lag_ms_(lag_ms),
        written_(store.last_lsn()),
        flushed_(written_),
        told_{written_, written_} {}

  void append(Record&& record, Instant now);
  void write_tables(TableChanges&& changes, Instant now);
  // Whether each group is forced to the disk, or now and then.
  void set_flush(bool each_group, Instant now);
  // The log keeps this record and those behind it for a standby, as far as `log_bytes_max` allows.
  void set_followed(std::function<Lsn()> followed, std::function<std::uint64_t()> log_bytes_max);
  void set_lag(std::uint32_t lag_ms, Instant now);
  [[nodiscard]] Instant next_due() const { return due_; }
  Report act(Instant now);
  [[nodiscard]] Lsn flushed() const { return flushed_; }
  // All that has come is written and forced to the disk, at once.
  void finish();

 private:
  using Work = std::variant<Record, TableChanges>;
  enum class Stage : std::uint8_t {
    gather,         // Takes a group of what has come.
    write,          // One write after the other.
    sync,           // Only if the group has records.
    report_log,     // progress
    report_tables,  // tables_written()
    trim,
  };

  void wake(Instant now);
  void gather();
  void write_next();
  void write(TableChanges changes);
  void overtake();
  void trim();
  void sync();
  Report report_log();
  [[nodiscard]] bool commits_early() const {
    return fault_ == Fault::commits_before_sync || fault_ == Fault::tables_before_log;
  }

  MemoryStore& store_;
  Luck& luck_;
  const Fault fault_;
  const std::uint64_t log_bytes_max_;
  Lsn tables_at_;
  std::uint32_t lag_ms_;
  std::deque<Work> queue_;
  std::deque<Work> group_;
  Stage stage_ = Stage::gather;
  Instant due_ = Instant::never();
  Lsn last_taken_ = 0;  // Of the group's records; 0: it has none.
  bool wrote_tables_ = false;
  bool flushes_ = true;
  Lsn written_;
  Lsn flushed_;
  Progress told_;
  std::function<Lsn()> followed_;  // Null: there is no standby.
  std::function<std::uint64_t()> followed_bytes_max_;
};

}  // namespace tandemq::sim
