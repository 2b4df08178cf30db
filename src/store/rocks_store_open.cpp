// Opening the database: what to do when it is torn, damaged, locked or missing; where its log is.
#include "store/rocks_store.hpp"
#include "store/rocks_store_options.hpp"
#include "store/torn_tail.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

using Families = std::vector<rocksdb::ColumnFamilyHandle*>;

bool is_damage(const rocksdb::Status& status) {
  // A missing file is an IOError with this subcode, or a Corruption that quotes one.
  return status.IsCorruption() || status.IsPathNotFound();
}

std::string sentence(const rocksdb::Status& status, const std::string& folder) {
  const std::string text = status.ToString();
  std::error_code ignored;
  if (!fs::exists(folder, ignored) && !status.IsInvalidArgument())
    return "the folder " + folder + " cannot be made; its parent has to exist and be writable (" +
           text + ")";
  const auto says = [&](std::string_view words) { return text.find(words) != std::string::npos; };
  if (is_damage(status))
    return "the store in " + folder +
           " is damaged; start tandemqd once with --repair, which keeps all that can be read (" +
           text + ")";
  if (says("Permission denied") || says("Read-only file system"))
    return "the store in " + folder +
           " cannot be written; give the folder and its files to the user of tandemqd (" + text +
           ")";
  if (says("/LOCK"))
    return "the store in " + folder + " is in use by another process; stop that one first (" +
           text + ")";
  if (says("does not exist")) return "there is no store in " + folder + " (" + text + ")";
  return "the store in " + folder + " cannot be opened (" + text + ")";
}

// The write-ahead log with the highest number; only its tail can be torn.
fs::path newest_log(const std::string& folder) {
  fs::path newest;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const fs::path& path = entry.path();
    // Numbers have six digits, or more when those are used up.
    const auto order = [](const fs::path& log) {
      return std::pair(log.filename().native().size(), log.filename().native());
    };
    if (path.extension() == ".log" && (newest.empty() || order(path) > order(newest)))
      newest = path;
  }
  return newest;
}

bool cut_torn_tail(const std::string& folder) {
  const fs::path path = newest_log(folder);
  if (path.empty()) return false;
  std::ifstream file(path, std::ios::binary);
  const std::string log{std::istreambuf_iterator<char>(file), {}};
  const std::optional<std::size_t> end = torn_tail(log);
  if (!file || !end) return false;
  std::error_code error;
  fs::resize_file(path, *end, error);
  return !error;
}

// RocksDB takes a folder without this file for an empty one, and would delete all the others.
bool lost_its_root(const std::string& folder) {
  std::error_code ignored;
  if (fs::exists(folder + "/CURRENT", ignored)) return false;
  const fs::directory_iterator files(folder, ignored);
  return std::any_of(begin(files), end(files), [](const fs::directory_entry& entry) {
    return entry.path().extension() == ".sst" || entry.path().extension() == ".log";
  });
}

rocksdb::Status open_database(const RocksOptions& options, const rocksdb::DBOptions& settings,
                              std::unique_ptr<rocksdb::DB>& db, Families& families) {
  if (lost_its_root(options.folder)) return rocksdb::Status::Corruption("CURRENT is missing");
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(settings, options.folder, column_families(options), &families, &opened);
  db.reset(opened);
  return status;
}

// From the gentlest to the last resort; what it does to damage is told.
rocksdb::Status open_or_rebuild(const RocksOptions& options, std::unique_ptr<rocksdb::DB>& db,
                                Families& families) {
  rocksdb::DBOptions settings = database_options(options);
  rocksdb::Status status = open_database(options, settings, db, families);
  if (status.IsCorruption() && cut_torn_tail(options.folder))
    status = open_database(options, settings, db, families);
  if (!is_damage(status) || !options.skipped || !options.may_rebuild) return status;

  options.skipped("damaged entries of the write-ahead log in " + options.folder +
                  " are skipped: " + status.ToString());
  settings.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  status = open_database(options, settings, db, families);
  if (!is_damage(status)) return status;

  options.skipped("the store in " + options.folder +
                  " is rebuilt from the files that can be read; what it drops is moved to " +
                  options.folder + "/lost: " + status.ToString());
  const rocksdb::Status repaired =
      rocksdb::RepairDB(options.folder, settings, column_families(options));
  return repaired.ok() ? open_database(options, settings, db, families) : repaired;
}

}  // namespace

Result<std::unique_ptr<RocksStore>> RocksStore::open(RocksOptions options) {
  std::unique_ptr<RocksStore> store(new RocksStore(std::move(options)));
  const rocksdb::Status status = open_or_rebuild(store->options_, store->db_, store->families_);
  if (!status.ok()) return failure(sentence(status, store->options_.folder));
  if (const Result<void> found = store->find_log(); !found) return tl::unexpected(found.error());
  return store;
}

Result<void> RocksStore::find_log() {
  if (const Result<void> found = find_log_ends(); !found) return found;
  forgotten_ = first_lsn();
  memtable_lsn_ = last_lsn() + 1;  // Opening has written all memtables to files.
  if (const Result<void> measured = measure_log(); !measured) return measured;
  publish();
  return {};
}

// From `log_first` to the last key. If nothing is left, the next lsn is what `log_first` says.
Result<void> RocksStore::find_log_ends() {
  std::string value;
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), families_[kDefaultFamily], slice(kLogFirstKey), &value);
  Reader reader(value);
  Lsn start = status.ok() ? reader.u64() : 1;
  if (!reader.ok()) start = 1;
  if (!status.ok() && !status.IsNotFound()) {
    const Result<void> told = damage_found("where the log begins cannot be read");
    if (!told) return told;
  }
  first_lsn_ = start;
  last_lsn_ = start - 1;
  const std::unique_ptr<rocksdb::Iterator> end(
      db_->NewIterator(rocksdb::ReadOptions(), families_[kLogFamily]));
  const auto lsn_of = [](ByteView key) { return Reader(key).u64(); };
  bool any = false;
  const auto visit = [&](ByteView key, ByteView) {
    last_lsn_ = lsn_of(key);
    if (any) return true;
    any = true;
    first_lsn_ = lsn_of(key);
    end->SeekToLast();
    if (!end->Valid()) return true;  // The end is damaged: by foot to the last that is not.
    last_lsn_ = lsn_of(view(end->key()));
    return false;
  };
  return walk(families_[kLogFamily], log_key(start), visit,
              [](ByteView, ByteView, const std::string&) {});
}

// Exactly if that is cheap; else by what the files say of their blocks.
Result<void> RocksStore::measure_log() {
  constexpr std::uint64_t kReadBytesMax = 1ULL << 20;
  constexpr std::uint64_t kSteps = 64;
  const Lsn first = first_lsn();
  const Lsn end = last_lsn() + 1;
  sizes_.start(first);
  const std::uint64_t step = std::max<std::uint64_t>((end - first) / kSteps, 1);
  std::vector<std::string> bounds;
  for (Lsn lsn = first; lsn < end; lsn += step) bounds.push_back(log_key(lsn));
  bounds.push_back(log_key(end));
  std::vector<rocksdb::Range> ranges;
  for (std::size_t i = 0; i + 1 < bounds.size(); ++i)
    ranges.emplace_back(slice(bounds[i]), slice(bounds[i + 1]));
  std::vector<std::uint64_t> bytes(ranges.size());
  const rocksdb::Status status =
      db_->GetApproximateSizes(rocksdb::SizeApproximationOptions(), families_[kLogFamily],
                               ranges.data(), static_cast<int>(ranges.size()), bytes.data());
  if (!status.ok()) return damage_found("the size of the log is not known: " + status.ToString());

  std::uint64_t total = 0;
  for (const std::uint64_t part : bytes) total += part;
  if (total > kReadBytesMax) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
      sizes_.add(std::min(first + (i + 1) * step, end), bytes[i]);
    return {};
  }
  const auto visit = [&](ByteView key, ByteView value) {
    sizes_.add(Reader(key).u64() + 1, value.size());
    return true;
  };
  return walk(families_[kLogFamily], log_key(first), visit,
              [](ByteView, ByteView, const std::string&) {});
}

}  // namespace tandemq
