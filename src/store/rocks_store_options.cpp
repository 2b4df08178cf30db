#include "store/rocks_store_options.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

namespace tandemq {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

// Higher than what RocksStore lets memtables grow to, so that RocksDB never begins a write-ahead
// log by itself: the one before would not be synced.
constexpr std::uint64_t kBackstopBytes = RocksStore::kMemtableBytes * 3 / 2;

// A file with so many deletions in a row of so many entries is merged without delay: what a drained
// queue leaves would take room until enough other files have come.
constexpr std::size_t kDeletionWindow = 1'024;
constexpr std::size_t kDeletionsMax = 512;

rocksdb::BlockBasedTableOptions file_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions files;
  files.block_cache = cache;
  // So that the cache bounds them as well.
  files.cache_index_and_filter_blocks = true;
  files.pin_l0_filter_and_index_blocks_in_cache = true;
  files.format_version = 5;
  files.checksum = rocksdb::kXXH3;
  return files;
}

rocksdb::ColumnFamilyOptions family_options() {
  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = kBackstopBytes;
  family.max_write_buffer_number = 2;  // One grows while one is written to a file.
  family.compaction_style = rocksdb::kCompactionStyleLevel;
  family.level_compaction_dynamic_level_bytes = true;
  family.compression = rocksdb::kNoCompression;
  // No insert hints: with them and DeleteRange in one column family, 7.8.3 loses keys.
  return family;
}

// Records come in the order of their keys and leave in it, so a file that is moved down a level is
// never merged with another, and one that is forgotten as a whole is just deleted.
rocksdb::ColumnFamilyOptions log_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions family = family_options();
  family.level0_file_num_compaction_trigger = 1;  // Files on level 0 cannot be deleted as a whole.
  rocksdb::BlockBasedTableOptions files = file_options(cache);
  files.block_size = 16 << 10;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(files));
  return family;
}

rocksdb::ColumnFamilyOptions table_options(Table table,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions family = family_options();
  family.compression = rocksdb::kLZ4Compression;
  rocksdb::BlockBasedTableOptions files = file_options(cache);
  family.table_properties_collector_factories = {
      rocksdb::NewCompactOnDeletionCollectorFactory(kDeletionWindow, kDeletionsMax)};
  // Only messages are looked up one by one.
  if (table == Table::messages) files.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(files));
  return family;
}

}  // namespace

rocksdb::DBOptions database_options(const RocksOptions& options) {
  rocksdb::DBOptions db;
  db.create_if_missing = options.create_if_missing;
  db.create_missing_column_families = true;
  db.paranoid_checks = true;

  // What is cut at the end was not synced; damage before it is an error, not an end.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.max_bgerror_resume_count = 0;  // A write error ends this process; nothing is retried.

  // One thread writes.
  db.unordered_write = false;
  db.enable_pipelined_write = false;
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  db.manual_wal_flush = false;
  db.wal_compression = rocksdb::kNoCompression;
  db.recycle_log_file_num = 0;
  db.allow_2pc = false;

  // Bounds behind those of RocksStore, which are met first.
  db.max_total_wal_size = 256 * kMiB;
  db.db_write_buffer_size = 192 * kMiB;

  db.max_background_jobs = 2;
  db.bytes_per_sync = kMiB;  // A big file is written out on the way, not at its fsync.
  db.compaction_readahead_size = kMiB;
  db.avoid_unnecessary_blocking_io = true;  // A reader does not delete files.
  db.skip_stats_update_on_db_open = true;   // Opens without reading every file's properties.

  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.max_log_file_size = kMiB;
  db.keep_log_file_num = 3;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.max_manifest_file_size = 16 * kMiB;
  return db;
}

std::vector<rocksdb::ColumnFamilyDescriptor> column_families(const RocksOptions& options) {
  // One shard: the index of a file has to fit in, and few threads ask.
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(options.cache_bytes, 0);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, table_options(Table::meta, cache));
  families.emplace_back("log", log_options(cache));
  for (std::size_t i = 0; i < kTableCount; ++i) {
    const auto table = static_cast<Table>(i);
    families.emplace_back(std::string(name(table)), table_options(table, cache));
  }
  return families;
}

std::string log_key(Lsn lsn) {
  std::string key;
  Writer(key).u64(lsn);
  return key;
}

}  // namespace tandemq
