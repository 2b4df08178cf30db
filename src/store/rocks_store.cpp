#include "store/rocks_store.hpp"

#include "base/ensure.hpp"
#include "store/rocks_store_options.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <rocksdb/convenience.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

namespace tandemq {
namespace {

// What a memtable takes for an entry besides its key and its value.
constexpr std::uint64_t kEntryBytes = 64;

// Greater than any key of a table that begins with an id; topics are text, and text has no 0xFF.
const rocksdb::Slice kEnd("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16);

void ensure_written(const rocksdb::Status& status) {
  ENSURE(status.ok(), ("the disk cannot be written: " + status.ToString()).c_str());
}

}  // namespace

RocksStore::RocksStore(RocksOptions options)
    : options_(std::move(options)), batch_(std::make_unique<rocksdb::WriteBatch>()) {}

RocksStore::~RocksStore() {
  for (const Family family : families_) db_->DestroyColumnFamilyHandle(family);
}

void RocksStore::append(std::span<const Record> records) {
  if (records.empty()) return;
  const Lsn first = records.front().position.lsn;
  const bool first_ever = last_lsn() == 0;
  ENSURE(first_ever || first == last_lsn() + 1, "the log has no gap");
  if (first_ever) {
    ENSURE(first > 0, "the first lsn is 1");
    sizes_.start(first);
    forgotten_ = memtable_lsn_ = first;
    first_lsn_ = first;
  }
  Lsn next = first;
  for (const Record& record : records) {
    ENSURE(record.position.lsn == next, "the log has no gap");
    batch_->Put(families_[kLogFamily], log_key(next), slice(record.bytes));
    sizes_.add(++next, record.bytes.size());
  }
  write(records.size());
  last_lsn_ = next - 1;  // Only now: whoever reads finds all that is announced.
  if (unfiled_bytes_ >= kMemtableBytes) begin_files();
  publish();
}

void RocksStore::sync() {
  ensure_written(db_->SyncWAL());
}

void RocksStore::trim(Lsn before) {
  before = std::min(before, last_lsn() + 1);
  if (before <= first_lsn()) return;
  first_lsn_ = before;
  if (sizes_.bytes_before(before) - sizes_.bytes_before(forgotten_) >= kTrimStepBytes)
    forget_trimmed();
  publish();
}

void RocksStore::cut(Lsn from) {
  ENSURE(from > 0, "the first lsn is 1");
  if (from > last_lsn()) return;
  batch_->DeleteRange(families_[kLogFamily], log_key(from), log_key(last_lsn() + 1));
  first_lsn_ = std::min(first_lsn(), from);
  batch_->Put(families_[kDefaultFamily], slice(kLogFirstKey), log_key(first_lsn()));
  sizes_.forget_from(from);
  forgotten_ = std::min(forgotten_, from);
  memtable_lsn_ = std::min(memtable_lsn_, from);
  last_lsn_ = from - 1;
  write(2);
  publish();
}

// A deletion gives room back when it meets what it deletes: it must get into a file, and that file
// be merged with others, which table_options() asks for where there are many deletions.
void RocksStore::reclaim() {
  if (unfiled_bytes_ > 0) begin_files();
}

void RocksStore::write_tables(const TableChanges& changes) {
  // A batch that RocksDB refuses would make it refuse all that follow.
  for (const TableRange& range : changes.ranges)
    ENSURE(range.begin < range.end, "a range of rows is neither empty nor inverted");
  for (const TableRange& range : changes.ranges)
    batch_->DeleteRange(table(range.table), slice(range.begin), slice(range.end));
  for (const TableKey& row : changes.deletes) batch_->Delete(table(row.table), slice(row.key));
  for (const TableRow& row : changes.puts)
    batch_->Put(table(row.table), slice(row.key), slice(row.value));
  for (const MessageRef& body : changes.bodies) {
    const TableRow row = message_row(*body);
    batch_->Put(table(row.table), slice(row.key), slice(row.value));
  }
  write(batch_->Count());
  if (unfiled_bytes_ >= kMemtableBytes) begin_files();
}

Result<void> RocksStore::checkpoint(const std::string& folder) const {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  // Never flush for it: that would begin a write-ahead log in this thread, behind the writer's
  // back.
  constexpr std::uint64_t kNeverFlush = UINT64_MAX;
  if (status.ok()) status = checkpoint->CreateCheckpoint(folder, kNeverFlush);
  if (status.ok()) return {};
  return failure("the store cannot be copied to " + folder + ": " + status.ToString());
}

StoreInfo RocksStore::info() const {
  StoreInfo info;
  info.first_lsn = first_lsn();
  info.last_lsn = last_lsn();
  info.log_bytes = log_bytes();
  for (std::size_t i = 0; i < kTableCount; ++i) info.tables[i] = table_info(static_cast<Table>(i));
  std::error_code gone;  // A file that is deleted meanwhile counts nothing.
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder, gone)) {
    const std::uintmax_t bytes = entry.file_size(gone);
    if (!gone) info.disk_bytes += bytes;
  }
  return info;
}

RocksStore::Family RocksStore::table(Table table) const {
  ENSURE(table < Table::count, "there is such a table");
  return families_[kLogFamily + 1 + static_cast<std::size_t>(table)];
}

TableInfo RocksStore::table_info(Table of) const {
  TableInfo info;
  rocksdb::SizeApproximationOptions sizes;
  sizes.include_memtables = true;
  const rocksdb::Range all(rocksdb::Slice(), kEnd);
  db_->GetIntProperty(table(of), rocksdb::DB::Properties::kEstimateNumKeys, &info.rows);
  if (!db_->GetApproximateSizes(sizes, table(of), &all, 1, &info.bytes).ok()) info.bytes = 0;
  return info;
}

// Writes the batch, which has this many entries.
void RocksStore::write(std::uint64_t entries) {
  const std::uint64_t bytes = batch_->GetDataSize() + entries * kEntryBytes;
  ensure_written(db_->Write(rocksdb::WriteOptions(), batch_.get()));
  batch_->Clear();
  unfiled_bytes_ += bytes;
}

// Records that are still in the memtable are deleted there, so that they never get into a file.
// A deletion that reached back to files would make RocksDB merge all of them.
void RocksStore::forget_trimmed() {
  const Lsn first = first_lsn();
  const Lsn from = std::max(forgotten_, memtable_lsn_);
  if (from < first) batch_->DeleteRange(families_[kLogFamily], log_key(from), log_key(first));
  batch_->Put(families_[kDefaultFamily], slice(kLogFirstKey), log_key(first));
  forgotten_ = first;
  sizes_.forget_before(first);
  write(2);
}

// Begins to write all memtables to files, in the background, and a new write-ahead log. Waits while
// the files of the last time are not written yet: that bounds the memory.
void RocksStore::begin_files() {
  if (forgotten_ < first_lsn()) forget_trimmed();
  sync();
  rocksdb::FlushOptions flush;
  flush.wait = false;
  flush.allow_write_stall = false;
  const rocksdb::Status status = db_->Flush(flush, families_);
  if (status.IsTryAgain()) return;  // Compaction lags: the next write waits for it, then again.
  ensure_written(status);
  unfiled_bytes_ = 0;
  memtable_lsn_ = last_lsn() + 1;
  // Files with nothing but what is forgotten. `log_first` is synced: none of it can come back.
  const std::string end = log_key(forgotten_);
  const rocksdb::Slice end_slice(end);
  ensure_written(rocksdb::DeleteFilesInRange(db_.get(), families_[kLogFamily], nullptr, &end_slice,
                                             /*include_end=*/false));
}

void RocksStore::publish() {
  log_bytes_ = sizes_.bytes() - sizes_.bytes_before(first_lsn());
}

}  // namespace tandemq
