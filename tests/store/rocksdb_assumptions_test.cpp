// What RocksStore takes for granted of the RocksDB that it is built with. A test that fails here
// after an update of RocksDB says which thought in src/store/rocks_store*.cpp no longer holds.
#include "tests/store/samples.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

using tests::noise;
using tests::TempFolder;

rocksdb::Options plain_options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.compression = rocksdb::kNoCompression;
  return options;
}

// A database with the column families default, a and b.
class Database {
 public:
  explicit Database(const std::string& folder, const rocksdb::Options& options = plain_options()) {
    const std::vector<rocksdb::ColumnFamilyDescriptor> families{
        {rocksdb::kDefaultColumnFamilyName, options}, {"a", options}, {"b", options}};
    rocksdb::DB* opened = nullptr;
    status = rocksdb::DB::Open(options, folder, families, &handles_, &opened);
    db.reset(opened);
  }
  ~Database() {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) db->DestroyColumnFamilyHandle(handle);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] rocksdb::ColumnFamilyHandle* a() const { return handles_.at(1); }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* b() const { return handles_.at(2); }

  void put(rocksdb::ColumnFamilyHandle* family, const std::string& key, const std::string& value) {
    REQUIRE(db->Put(rocksdb::WriteOptions(), family, key, value).ok());
  }
  std::string value(rocksdb::ColumnFamilyHandle* family, const std::string& key) {
    std::string value;
    return db->Get(rocksdb::ReadOptions(), family, key, &value).ok() ? value : "";
  }
  void flush(rocksdb::ColumnFamilyHandle* family) {
    REQUIRE(db->Flush(rocksdb::FlushOptions(), family).ok());
  }
  std::vector<rocksdb::LiveFileMetaData> files() {
    std::vector<rocksdb::LiveFileMetaData> files;
    db->GetLiveFilesMetaData(&files);
    return files;
  }

  std::unique_ptr<rocksdb::DB> db;
  rocksdb::Status status;

 private:
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

// Counts compactions, which another thread does, and those that wrote a new file.
class Compactions final : public rocksdb::EventListener {
 public:
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& info) override {
    const std::scoped_lock lock(mutex_);
    ++count_;
    if (info.input_files != info.output_files) ++rewritten_;
    changed_.notify_all();
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return count_ >= count; });
  }
  std::size_t rewritten() {
    const std::scoped_lock lock(mutex_);
    return rewritten_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
  std::size_t rewritten_ = 0;
};

std::vector<fs::path> logs_of(const std::string& folder) {
  std::vector<fs::path> logs;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".log") logs.push_back(entry.path());
  return logs;
}

fs::path only_log_of(const std::string& folder) {
  const std::vector<fs::path> logs = logs_of(folder);
  REQUIRE(logs.size() == 1);
  return logs[0];
}

void flip_byte(const fs::path& path, std::size_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ 0x55));
}

std::string key_of(std::uint32_t number) {
  std::string key;
  Writer(key).u32(number);
  return key;
}

// Twenty values of 1,000 bytes in a write-ahead log.
void write_twenty(const std::string& folder) {
  Database database(folder);
  REQUIRE(database.status.ok());
  for (std::uint32_t i = 0; i < 20; ++i) database.put(database.a(), key_of(i), noise(i, 1'000));
}

}  // namespace

TEST_CASE("rocksdb: a batch over several column families survives as a whole or not at all") {
  const TempFolder folder;
  {
    Database database(folder.path() + "/whole");
    REQUIRE(database.status.ok());
    rocksdb::WriteBatch batch;
    batch.Put(database.a(), "key", noise(1, 2'000));
    batch.Put(database.b(), "key", noise(2, 2'000));
    REQUIRE(database.db->Write(rocksdb::WriteOptions(), &batch).ok());
  }
  for (const std::size_t lost : {0U, 1U, 1'000U, 2'000U, 3'000U, 4'000U}) {
    const std::string torn = folder.path() + "/" + std::to_string(lost);
    fs::copy(folder.path() + "/whole", torn);
    const fs::path log = only_log_of(torn);
    fs::resize_file(log, fs::file_size(log) - lost);
    Database database(torn);
    REQUIRE(database.status.ok());
    CHECK(database.value(database.a(), "key") == (lost == 0 ? noise(1, 2'000) : ""));
    CHECK(database.value(database.b(), "key") == (lost == 0 ? noise(2, 2'000) : ""));
  }
}

TEST_CASE("rocksdb: a log that is cut short keeps what is before") {
  const TempFolder folder;
  write_twenty(folder.path());
  fs::resize_file(only_log_of(folder.path()), 10'500);
  Database database(folder.path());
  REQUIRE(database.status.ok());
  CHECK(database.value(database.a(), key_of(8)) == noise(8, 1'000));
  CHECK(database.value(database.a(), key_of(11)).empty());
}

TEST_CASE("rocksdb: damage in the log is an error, at its end too") {
  for (const std::size_t place : {5'000U, 20'300U}) {
    const TempFolder folder;
    write_twenty(folder.path());
    flip_byte(only_log_of(folder.path()), place);
    CHECK(Database(folder.path()).status.IsCorruption());
  }
}

TEST_CASE("rocksdb: opening writes everything to files and begins a new log") {
  const TempFolder folder;
  write_twenty(folder.path());
  Database database(folder.path());
  REQUIRE(database.status.ok());
  CHECK(database.files().size() == 1);
  std::uint64_t entries = 1;
  CHECK(database.db->GetIntProperty(database.a(),
                                    rocksdb::DB::Properties::kNumEntriesActiveMemTable, &entries));
  CHECK(entries == 0);
}

TEST_CASE("rocksdb: in one batch a range is deleted before what is put later") {
  const TempFolder folder;
  Database database(folder.path());
  REQUIRE(database.status.ok());
  database.put(database.a(), "b", "old");
  database.put(database.a(), "c", "old");
  rocksdb::WriteBatch batch;
  batch.DeleteRange(database.a(), "a", "d");
  batch.Put(database.a(), "b", "new");
  REQUIRE(database.db->Write(rocksdb::WriteOptions(), &batch).ok());
  for (int i = 0; i < 2; ++i) {
    CHECK(database.value(database.a(), "b") == "new");
    CHECK(database.value(database.a(), "c").empty());
    database.flush(database.a());
  }
}

TEST_CASE("rocksdb: what is deleted by a range in the memtable gets into no file") {
  const TempFolder folder;
  Database database(folder.path());
  REQUIRE(database.status.ok());
  for (std::uint32_t i = 0; i < 1'000; ++i) database.put(database.a(), key_of(i), noise(i, 1'000));
  REQUIRE(database.db->DeleteRange(rocksdb::WriteOptions(), database.a(), key_of(0), key_of(1'000))
              .ok());
  database.flush(database.a());
  std::uint64_t bytes = 0;
  for (const rocksdb::LiveFileMetaData& file : database.files()) bytes += file.size;
  CHECK(bytes < 10'000);
}

TEST_CASE("rocksdb: files in the order of their keys are moved down, and deleted as a whole") {
  const TempFolder folder;
  const auto moves = std::make_shared<Compactions>();
  rocksdb::Options options = plain_options();
  options.level0_file_num_compaction_trigger = 1;
  options.level_compaction_dynamic_level_bytes = true;
  options.listeners.push_back(moves);
  Database database(folder.path(), options);
  REQUIRE(database.status.ok());
  for (std::uint32_t file = 0; file < 4; ++file) {
    const std::uint32_t first = file * 100;
    for (std::uint32_t i = first; i < first + 100; ++i)
      database.put(database.a(), key_of(i), noise(i, 100));
    // As RocksStore does it: only of keys that are still in the memtable.
    REQUIRE(
        database.db
            ->DeleteRange(rocksdb::WriteOptions(), database.a(), key_of(first), key_of(first + 10))
            .ok());
    database.flush(database.a());
    REQUIRE(moves->wait_for(file + 1));
  }
  CHECK(moves->rewritten() == 0);
  const std::string end = key_of(250);
  const rocksdb::Slice end_slice(end);
  REQUIRE(rocksdb::DeleteFilesInRange(database.db.get(), database.a(), nullptr, &end_slice, false)
              .ok());
  const auto files = database.files();
  CHECK(files.size() == 2);
  CHECK(std::all_of(files.begin(), files.end(), [](const auto& file) { return file.level > 0; }));
  CHECK(database.value(database.a(), key_of(199)).empty());
  CHECK(database.value(database.a(), key_of(210)) == noise(210, 100));
}

TEST_CASE("rocksdb: one flush of all column families ends the log of all") {
  const TempFolder folder;
  Database database(folder.path());
  REQUIRE(database.status.ok());
  database.put(database.a(), "key", "value");
  database.put(database.b(), "key", "value");
  const fs::path before = only_log_of(folder.path());
  REQUIRE(database.db->Flush(rocksdb::FlushOptions(), {database.a(), database.b()}).ok());
  database.put(database.a(), "key", "next");
  CHECK(only_log_of(folder.path()) != before);
}

TEST_CASE("rocksdb: an idle column family pins no more log than max_total_wal_size") {
  const TempFolder folder;
  rocksdb::Options options = plain_options();
  options.write_buffer_size = 256 << 10;
  options.max_total_wal_size = 1 << 20;
  Database database(folder.path(), options);
  REQUIRE(database.status.ok());
  database.put(database.b(), "idle", "value");
  for (std::uint32_t i = 0; i < 800; ++i) database.put(database.a(), key_of(i), noise(i, 10'000));
  REQUIRE(database.db->Flush(rocksdb::FlushOptions(), {database.a(), database.b()}).ok());
  std::uint64_t bytes = 0;
  for (const fs::path& log : logs_of(folder.path())) bytes += fs::file_size(log);
  CHECK(bytes < 2 << 20);
}

TEST_CASE("rocksdb: a copy without a flush has what is only in the log") {
  const TempFolder folder;
  Database database(folder.path() + "/database");
  REQUIRE(database.status.ok());
  database.put(database.a(), "in a file", "1");
  database.flush(database.a());
  database.put(database.b(), "in the log", "2");
  rocksdb::Checkpoint* made = nullptr;
  REQUIRE(rocksdb::Checkpoint::Create(database.db.get(), &made).ok());
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  const fs::path log = only_log_of(folder.path() + "/database");
  REQUIRE(checkpoint->CreateCheckpoint(folder.path() + "/copy", UINT64_MAX).ok());
  CHECK(only_log_of(folder.path() + "/database") == log);
  Database copy(folder.path() + "/copy");
  REQUIRE(copy.status.ok());
  CHECK(copy.value(copy.a(), "in a file") == "1");
  CHECK(copy.value(copy.b(), "in the log") == "2");
}

TEST_CASE("rocksdb: LZ4 is built in") {
  const auto built_in = rocksdb::GetSupportedCompressions();
  CHECK(std::count(built_in.begin(), built_in.end(), rocksdb::kLZ4Compression) == 1);
}

}  // namespace tandemq
