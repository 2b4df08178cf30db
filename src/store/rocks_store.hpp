// RocksStore: the log and the tables in a RocksDB database, one column family each. It decides
// nothing about their content. rocks_store*.cpp are the only files that include RocksDB.
//
//   column family   key                        value
//   log             u64 lsn, big-endian        the bytes of the record
//   name(table)     the key of the row         the value of the row
//   default         "log_first"                u64 lsn: what is before it is forgotten
//
// One write-ahead log holds the writes in their order. It is synced before a new one is begun, so
// what a loss of power leaves is a prefix even across two of them. Forgetting is done lazily, a
// step for kTrimStepBytes: first_lsn() and log_bytes() answer as if it were done at once, but after
// a reopen first_lsn() may be older by one step.
// Owner: node; who may call what from which thread stands in store.hpp. What is written here in
// addition may be called by any thread.
#pragma once

#include "store/log_sizes.hpp"
#include "store/store.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class WriteBatch;
}  // namespace rocksdb

namespace tandemq {

struct RocksOptions {
  std::string folder;  // Its parent has to exist.
  // Set: what cannot be read is skipped and told, and a database that cannot be opened because it
  // is damaged is rebuilt from what is left of it. Null: both are errors. Damaged files stay where
  // they are, and would stop a compaction: what was read belongs in a new store.
  std::function<void(const std::string& sentence)> skipped;
  bool may_rebuild = true;  // False: `skipped` is for reading; a damaged database is an error.
  bool create_if_missing = true;
  std::uint64_t cache_bytes = 32ULL << 20;
};

struct TableInfo {  // Both are estimates.
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

struct StoreInfo {
  Lsn first_lsn = 0;
  Lsn last_lsn = 0;
  std::uint64_t log_bytes = 0;
  std::array<TableInfo, kTableCount> tables;
  std::uint64_t disk_bytes = 0;  // All files of the folder.
};

class RocksStore final : public Store {
 public:
  static constexpr std::uint64_t kTrimStepBytes = 4ULL << 20;
  // Of memtables, before they are written to files and their write-ahead log ends.
  static constexpr std::uint64_t kMemtableBytes = 64ULL << 20;

  static Result<std::unique_ptr<RocksStore>> open(RocksOptions options);
  ~RocksStore() override;

  void append(std::span<const Record> records) override;
  void sync() override;
  Result<void> read(Lsn from, const std::function<bool(Lsn, ByteView)>& visit) const override;
  void trim(Lsn before) override;
  void cut(Lsn from) override;
  [[nodiscard]] Lsn first_lsn() const override { return first_lsn_.load(); }
  [[nodiscard]] Lsn last_lsn() const override { return last_lsn_.load(); }
  [[nodiscard]] std::uint64_t log_bytes() const override { return log_bytes_.load(); }

  void reclaim() override;
  void write_tables(const TableChanges& changes) override;
  Result<void> read_table(
      Table table, const std::function<bool(ByteView key, ByteView value)>& visit) const override;
  [[nodiscard]] std::uint64_t rows_about(Table table) const override;
  [[nodiscard]] std::vector<std::string> get(Table table,
                                             std::span<const std::string> keys) const override;
  [[nodiscard]] std::unique_ptr<TableSnapshot> snapshot() const override;

  // A consistent copy in a new folder; files are shared as hard links, or copied to another disk.
  Result<void> checkpoint(const std::string& folder) const;
  [[nodiscard]] StoreInfo info() const;

 private:
  using Family = rocksdb::ColumnFamilyHandle*;
  using Visit = std::function<bool(ByteView key, ByteView value)>;
  // What lies between two keys, without both, cannot be read; `after` is empty at the end.
  using Damaged = std::function<void(ByteView before, ByteView after, const std::string& why)>;

  explicit RocksStore(RocksOptions options);

  Result<void> find_log();
  Result<void> find_log_ends();
  Result<void> measure_log();
  [[nodiscard]] Family table(Table table) const;
  [[nodiscard]] TableInfo table_info(Table of) const;

  void write(std::uint64_t entries);
  void forget_trimmed();
  void begin_files();
  void publish();

  Result<void> walk(Family family, std::string from, const Visit& visit,
                    const Damaged& damaged) const;
  Result<void> damage_found(const std::string& sentence) const;

  RocksOptions options_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<Family> families_;  // Owned: closed before the database. default, log, the tables.
  std::unique_ptr<rocksdb::WriteBatch> batch_;  // Keeps its capacity from write to write.

  LogSizes sizes_;
  Lsn forgotten_ = 1;                // What is before it is forgotten in the database too.
  Lsn memtable_lsn_ = 1;             // The first record that is not in a file, or on its way there.
  std::uint64_t unfiled_bytes_ = 0;  // About what the memtables take.

  // Counters, published by the writing thread after each change.
  std::atomic<Lsn> first_lsn_{1};
  std::atomic<Lsn> last_lsn_{0};
  std::atomic<std::uint64_t> log_bytes_{0};
};

}  // namespace tandemq
