#include "tests/store/samples.hpp"

#include <cstdlib>
#include <filesystem>
#include <random>

#include <doctest/doctest.h>

namespace tandemq::tests {

TempFolder::TempFolder()
    : path_((std::filesystem::temp_directory_path() / "tandemq_store_XXXXXX").string()) {
  REQUIRE(mkdtemp(path_.data()) != nullptr);
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Record record_of(Lsn lsn, std::string bytes) {
  Record record;
  record.position.lsn = lsn;
  record.bytes = std::move(bytes);
  return record;
}

void append(Store& store, Lsn lsn, std::string bytes) {
  const Record record = record_of(lsn, std::move(bytes));
  store.append({&record, 1});
}

std::string noise(std::uint64_t seed, std::size_t size) {
  std::mt19937_64 random(seed);
  std::string bytes;
  bytes.reserve(size + sizeof(std::uint64_t));
  while (bytes.size() < size) Writer(bytes).u64(random());
  bytes.resize(size);
  return bytes;
}

LogContent log_of(const Store& store) {
  LogContent content;
  const Result<void> read = store.read(store.first_lsn(), [&](Lsn lsn, ByteView bytes) {
    content.emplace_back(lsn, bytes);
    return true;
  });
  CHECK_MESSAGE(read.has_value(), (read ? "" : read.error().text));
  return content;
}

TableContent table_of(const Store& store, Table table) {
  TableContent content;
  const Result<void> read = store.read_table(table, [&](ByteView key, ByteView value) {
    content.emplace_back(key, value);
    return true;
  });
  CHECK_MESSAGE(read.has_value(), (read ? "" : read.error().text));
  return content;
}

TableContent rows_of(const TableSnapshot& snapshot, Table table) {
  TableContent content;
  const Result<void> read = snapshot.read(table, ByteView(), [&](ByteView key, ByteView value) {
    content.emplace_back(key, value);
    return true;
  });
  CHECK_MESSAGE(read.has_value(), (read ? "" : read.error().text));
  return content;
}

TableChanges put(Table table, std::string key, std::string value) {
  TableChanges changes;
  changes.puts.push_back({table, std::move(key), std::move(value)});
  return changes;
}

}  // namespace tandemq::tests
