#include "store/rocks_store.hpp"

#include "tests/store/samples.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

namespace fs = std::filesystem;

using tests::append;
using tests::log_of;
using tests::LogContent;
using tests::noise;
using tests::put;
using tests::table_of;
using tests::TempFolder;

RocksOptions options_of(const std::string& folder) {
  RocksOptions options;
  options.folder = folder;
  return options;
}

std::unique_ptr<RocksStore> opened(RocksOptions options) {
  auto store = RocksStore::open(std::move(options));
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().text));
  return std::move(*store);
}

std::unique_ptr<RocksStore> opened(const std::string& folder) {
  return opened(options_of(folder));
}

// A store that keeps what it is told of damage in `told`.
std::unique_ptr<RocksStore> opened_for_repair(const std::string& folder,
                                              std::vector<std::string>& told) {
  RocksOptions options = options_of(folder);
  options.skipped = [&](const std::string& sentence) { told.push_back(sentence); };
  return opened(options);
}

std::string open_error(RocksOptions options) {
  const auto store = RocksStore::open(std::move(options));
  REQUIRE_FALSE(store.has_value());
  return store.error().text;
}

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

bool any_says(const std::vector<std::string>& told, const std::string& words) {
  return std::any_of(told.begin(), told.end(),
                     [&](const std::string& sentence) { return says(sentence, words); });
}

std::vector<fs::path> files_with(const std::string& folder, const std::string& extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == extension) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

fs::path largest_with(const std::string& folder, const std::string& extension) {
  const std::vector<fs::path> files = files_with(folder, extension);
  const auto smaller = [](const fs::path& a, const fs::path& b) {
    return fs::file_size(a) < fs::file_size(b);
  };
  const auto largest = std::max_element(files.begin(), files.end(), smaller);
  REQUIRE(largest != files.end());
  return *largest;
}

void flip_byte(const fs::path& path, std::uintmax_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ 0x55));
  REQUIRE(file.good());
}

void cut_file(const fs::path& path, std::uintmax_t size, bool fill_with_zeros) {
  const std::uintmax_t whole = fs::file_size(path);
  fs::resize_file(path, size);
  if (fill_with_zeros) fs::resize_file(path, whole);
}

std::string row_key(std::uint32_t number) {
  std::string key;
  Writer(key).u32(number);
  return key;
}

// Rows 0, 1, 2, ... of a table, of about 200 bytes; in a file once the store was reopened.
void write_rows(Store& store, Table table, std::uint32_t count) {
  TableChanges changes;
  for (std::uint32_t i = 0; i < count; ++i)
    changes.puts.push_back({table, row_key(i), noise(i, 200)});
  store.write_tables(changes);
}

}  // namespace

TEST_CASE("what was written is there after a reopen, and the log goes on") {
  const TempFolder folder;
  {
    const auto store = opened(folder.path());
    for (Lsn lsn = 1; lsn <= 100; ++lsn) append(*store, lsn, std::to_string(lsn));
    store->write_tables(put(Table::meta, "state", "here"));
    store->cut(91);
  }
  const auto store = opened(folder.path());
  CHECK(store->first_lsn() == 1);
  CHECK(store->last_lsn() == 90);
  CHECK(store->log_bytes() == 9 + 81 * 2);
  CHECK(log_of(*store).back() == LogContent::value_type{90, "90"});
  CHECK(table_of(*store, Table::meta).size() == 1);
  append(*store, 91, "another");
  CHECK(log_of(*store).size() == 91);
}

TEST_CASE("after a reopen the size of the log is known to a few percent") {
  const TempFolder folder;
  std::uint64_t bytes = 0;
  {
    const auto store = opened(folder.path());
    for (Lsn lsn = 1; lsn <= 2'000; ++lsn) append(*store, lsn, noise(lsn, 200 + lsn * 4));
    store->trim(1'001);
    bytes = store->log_bytes();
  }
  const auto store = opened(folder.path());
  CHECK(store->first_lsn() == 1);  // Less than a step was trimmed: that is forgotten lazily.
  store->trim(1'001);
  const auto measured = static_cast<double>(store->log_bytes());
  CHECK(measured == doctest::Approx(static_cast<double>(bytes)).epsilon(0.03));
}

TEST_CASE("what was trimmed is gone after a reopen, but for less than a step") {
  const TempFolder folder;
  const std::string bytes(100'000, 'x');
  {
    const auto store = opened(folder.path());
    for (Lsn lsn = 1; lsn <= 200; ++lsn) {
      append(*store, lsn, bytes);
      store->trim(lsn);
    }
  }
  {
    const auto store = opened(folder.path());
    CHECK(store->last_lsn() == 200);
    CHECK(store->first_lsn() > 200 - RocksStore::kTrimStepBytes / bytes.size() - 2);
    CHECK(log_of(*store).front().first == store->first_lsn());
    append(*store, 201, std::string(RocksStore::kTrimStepBytes, 'y'));
    store->trim(202);  // All of it, and more than a step.
  }
  const auto store = opened(folder.path());
  CHECK(store->first_lsn() == 202);
  CHECK(store->last_lsn() == 201);
  append(*store, 202, "next");
  CHECK(log_of(*store) == LogContent{{202, "next"}});
}

TEST_CASE("a long log that is trimmed gives its disk space back") {
  const TempFolder folder;
  const std::string bytes(1'000'000, 'x');
  {
    const auto store = opened(folder.path());
    for (Lsn lsn = 1; lsn <= 210; ++lsn) append(*store, lsn, bytes);  // Three files.
    CHECK(store->info().disk_bytes > 200 * bytes.size());
    store->trim(201);
    for (Lsn lsn = 211; lsn <= 275; ++lsn) append(*store, lsn, bytes);
    CHECK(log_of(*store).size() == 75);
  }
  const auto store = opened(folder.path());
  CHECK(log_of(*store).size() == 75);
  // A file that is needed for one record stays, and there is half a write-ahead log.
  CHECK(store->info().disk_bytes < 160 * bytes.size());
}

TEST_CASE("a write-ahead log that is torn anywhere keeps a prefix of the writes") {
  const TempFolder folder;
  const std::string whole = folder.path() + "/whole";
  {
    const auto store = opened(whole);
    for (Lsn lsn = 1; lsn <= 30; ++lsn) {
      append(*store, lsn, noise(lsn, lsn * 100));
      store->write_tables(put(Table::meta, "state", std::to_string(lsn)));
    }
  }
  const std::uintmax_t size = fs::file_size(largest_with(whole, ".log"));
  Lsn last = 0;
  for (std::uintmax_t at = 0; at < size; at += 4'001) {
    CAPTURE(at);
    const std::string torn = folder.path() + "/torn";
    fs::copy(whole, torn);
    cut_file(largest_with(torn, ".log"), at, at % 2 == 0);
    {
      const auto store = opened(torn);
      CHECK(store->last_lsn() >= last);
      last = store->last_lsn();
      LogContent expected;
      for (Lsn lsn = 1; lsn <= last; ++lsn) expected.emplace_back(lsn, noise(lsn, lsn * 100));
      CHECK(log_of(*store) == expected);
      const std::vector<std::string> key{"state"};
      const std::string state = store->get(Table::meta, key)[0];
      const std::string before = last > 1 ? std::to_string(last - 1) : "";
      CHECK((state == (last == 0 ? "" : std::to_string(last)) || state == before));
    }
    fs::remove_all(torn);
  }
  CHECK(last >= 28);
}

TEST_CASE("damage inside of the write-ahead log is an error, and in repair skipped and told") {
  const TempFolder folder;
  {
    const auto store = opened(folder.path());
    for (Lsn lsn = 1; lsn <= 100; ++lsn) append(*store, lsn, noise(lsn, 3'000));
  }
  flip_byte(largest_with(folder.path(), ".log"), 150'000);
  const std::string error = open_error(options_of(folder.path()));
  CHECK(says(error, "is damaged; start tandemqd once with --repair"));
  std::vector<std::string> told;
  const auto store = opened_for_repair(folder.path(), told);
  CHECK(any_says(told, "damaged entries of the write-ahead log"));
  CHECK(store->first_lsn() == 1);
  CHECK(store->last_lsn() == 100);
  const LogContent rest = log_of(*store);
  CHECK(any_says(told, "the log lacks its records"));
  CHECK(rest.size() < 100);
  CHECK(rest.size() > 80);
  for (const auto& [lsn, bytes] : rest) CHECK(bytes == noise(lsn, 3'000));
}

TEST_CASE("a damaged block of a table is an error that names it; in repair the rest is read") {
  const TempFolder folder;
  write_rows(*opened(folder.path()), Table::queue, 2'000);
  opened(folder.path());
  flip_byte(largest_with(folder.path(), ".sst"), 100'000);
  {
    const auto store = opened(folder.path());
    const Result<void> read =
        store->read_table(Table::queue, [](ByteView, ByteView) { return true; });
    REQUIRE_FALSE(read.has_value());
    CHECK(says(read.error().text, "queue cannot be read behind key "));
    CHECK(says(read.error().text, "--repair"));
    std::size_t seen = 0;
    const Result<void> of_snapshot =
        store->snapshot()->read(Table::queue, row_key(0), [&](ByteView, ByteView) {
          ++seen;
          return true;
        });
    REQUIRE_FALSE(of_snapshot.has_value());
    CHECK(says(of_snapshot.error().text, "queue cannot be read behind key 00000000: "));
    CHECK(says(of_snapshot.error().text, "--repair"));
    CHECK(seen > 0);
    const std::vector<std::string> keys{row_key(0), row_key(1'999)};
    CHECK(store->get(Table::queue, keys) == std::vector{noise(0, 200), noise(1'999, 200)});
  }
  std::vector<std::string> told;
  const auto store = opened_for_repair(folder.path(), told);
  const tests::TableContent rows = table_of(*store, Table::queue);
  REQUIRE(told.size() == 1);
  CHECK(says(told[0], "rows of table queue cannot be read, from key 0000"));
  CHECK(rows.size() < 2'000);
  CHECK(rows.size() > 1'950);
  CHECK(rows.back().first == row_key(1'999));
  for (const auto& [key, value] : rows) CHECK(value == noise(Reader(key).u32(), 200));
  const auto all = [](ByteView, ByteView) { return true; };
  CHECK_FALSE(store->snapshot()->read(Table::queue, ByteView(), all));  // It skips nothing.
}

TEST_CASE("a snapshot keeps its rows while the files that hold them are merged and dropped") {
  const TempFolder folder;
  const auto store = opened(folder.path());
  write_rows(*store, Table::queue, 2'000);
  store->reclaim();
  const std::unique_ptr<TableSnapshot> snapshot = store->snapshot();
  CHECK(snapshot->rows() == 2'000);
  CHECK(snapshot->bytes() > 2'000 * 50);  // About: files that are half merged count less.
  for (int round = 0; round < 3; ++round) {
    TableChanges gone;
    gone.ranges.push_back({Table::queue, row_key(0), row_key(2'000)});
    store->write_tables(gone);
    store->reclaim();
  }
  CHECK(table_of(*store, Table::queue).empty());
  const tests::TableContent rows = tests::rows_of(*snapshot, Table::queue);
  REQUIRE(rows.size() == 2'000);
  for (const auto& [key, value] : rows) CHECK(value == noise(Reader(key).u32(), 200));
}

TEST_CASE("in repair every sound block is read, whichever blocks are damaged") {
  const TempFolder folder;
  write_rows(*opened(folder.path()), Table::queue, 1'000);
  opened(folder.path());
  const fs::path file = largest_with(folder.path(), ".sst");
  const std::size_t rows_size = 1'000 * 205;  // Behind them are the index and the properties.
  for (const std::vector<std::size_t>& places :
       {std::vector<std::size_t>{10}, {rows_size - 100}, {10, 9'000}, {50'000, 100'000, 150'000}}) {
    for (const std::size_t at : places) flip_byte(file, at);
    std::vector<std::string> told;
    const tests::TableContent rows =
        table_of(*opened_for_repair(folder.path(), told), Table::queue);
    CHECK(told.size() == places.size());
    CHECK(rows.size() >= 1'000 - 22 * places.size());  // A block has about 20 rows.
    CHECK(rows.size() < 1'000);
    for (const std::size_t at : places) flip_byte(file, at);
  }
}

TEST_CASE("a damaged block of the log is a hole that is told with its records") {
  const TempFolder folder;
  {
    const auto store = opened(folder.path());
    for (Lsn lsn = 1; lsn <= 500; ++lsn) append(*store, lsn, noise(lsn, 3'000));
  }
  opened(folder.path());
  flip_byte(largest_with(folder.path(), ".sst"), 600'000);
  {
    const auto store = opened(folder.path());
    CHECK(store->last_lsn() == 500);
    const Result<void> read = store->read(1, [](Lsn, ByteView) { return true; });
    REQUIRE_FALSE(read.has_value());
    CHECK(says(read.error().text, "log cannot be read behind key 0000"));
  }
  std::vector<std::string> told;
  const LogContent rest = log_of(*opened_for_repair(folder.path(), told));
  REQUIRE(told.size() == 1);
  CHECK(says(told[0], "the log lacks its records "));
  CHECK(rest.size() > 490);
  CHECK(rest.back().first == 500);
}

TEST_CASE("a store that lost a file is rebuilt from the others in repair") {
  const TempFolder folder;
  {
    const auto store = opened(folder.path());
    write_rows(*store, Table::queue, 1'000);
    write_rows(*store, Table::sessions, 300);
    for (Lsn lsn = 1; lsn <= 10; ++lsn) append(*store, lsn, "record");
  }
  opened(folder.path());
  SUBCASE("its largest one") {
    fs::remove(largest_with(folder.path(), ".sst"));
  }
  SUBCASE("the list of all files") {
    for (const auto& entry : fs::directory_iterator(folder.path()))
      if (says(entry.path().filename(), "MANIFEST")) fs::remove(entry.path());
  }
  SUBCASE("the name of that list") {
    fs::remove(folder.path() + "/CURRENT");
  }
  CHECK(says(open_error(options_of(folder.path())), "--repair"));
  std::vector<std::string> told;
  {
    const auto store = opened_for_repair(folder.path(), told);
    CHECK(any_says(told, "is rebuilt from the files that can be read"));
    CHECK(table_of(*store, Table::sessions).size() == 300);
    CHECK(log_of(*store).size() == 10);
  }
  CHECK(log_of(*opened(folder.path())).size() == 10);
}

TEST_CASE("a store belongs to one process, has a place, and says what is wrong with it") {
  const TempFolder folder;
  const auto store = opened(folder.path() + "/store");
  CHECK(says(open_error(options_of(folder.path() + "/store")), "is in use by another process"));
  RocksOptions options = options_of(folder.path() + "/nowhere");
  options.create_if_missing = false;
  CHECK(says(open_error(options), "there is no store in " + folder.path() + "/nowhere"));
  std::ofstream(folder.path() + "/file") << "not a folder";
  CHECK(says(open_error(options_of(folder.path() + "/file")), "cannot be opened"));
  CHECK(says(open_error(options_of(folder.path() + "/no/parent")), "its parent has to exist"));
}

TEST_CASE("a copy that is made while somebody writes holds a prefix of the writes") {
  const TempFolder folder;
  const auto store = opened(folder.path() + "/store");
  write_rows(*store, Table::queue, 100);
  std::atomic<bool> copied = false;
  std::thread writer([&] {
    for (Lsn lsn = 1; !copied || lsn <= 100; ++lsn) {
      append(*store, lsn, std::to_string(lsn));
      store->write_tables(put(Table::meta, "state", std::to_string(lsn)));
    }
  });
  const Result<void> done = store->checkpoint(folder.path() + "/copy");
  copied = true;
  writer.join();
  REQUIRE(done.has_value());
  CHECK_FALSE(store->checkpoint(folder.path() + "/copy").has_value());
  const auto copy = opened(folder.path() + "/copy");
  CHECK(table_of(*copy, Table::queue).size() == 100);
  const Lsn last = copy->last_lsn();
  CHECK(log_of(*copy).size() == last);
  const auto meta = table_of(*copy, Table::meta);
  CHECK((last == 0 || (meta.empty() && last == 1) || meta.at(0).second == std::to_string(last) ||
         meta.at(0).second == std::to_string(last - 1)));
  CHECK(log_of(*store).size() >= 100);
}

TEST_CASE("the figures of a store are about right") {
  const TempFolder folder;
  const auto store = opened(folder.path());
  write_rows(*store, Table::queue, 1'000);
  append(*store, 1, "record");
  const StoreInfo info = store->info();
  CHECK(info.first_lsn == 1);
  CHECK(info.last_lsn == 1);
  CHECK(info.log_bytes == 6);
  const TableInfo& queue = info.tables[static_cast<std::size_t>(Table::queue)];
  CHECK(queue.rows == 1'000);
  CHECK(queue.bytes > 100'000);
  CHECK(queue.bytes < 1'000'000);
  CHECK(info.tables[static_cast<std::size_t>(Table::wills)].rows == 0);
  CHECK(info.disk_bytes > 200'000);
}

}  // namespace tandemq
