// What store.hpp promises, over each implementation.
#include "store/store.hpp"

#include "store/memory_store.hpp"
#include "store/rocks_store.hpp"
#include "tests/store/samples.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using tests::append;
using tests::log_of;
using tests::LogContent;
using tests::put;
using tests::record_of;
using tests::rows_of;
using tests::table_of;
using tests::TableContent;

struct InMemory {
  MemoryStore store;
};

struct OnDisk {
  tests::TempFolder folder;
  std::unique_ptr<RocksStore> opened = open();
  RocksStore& store = *opened;

  std::unique_ptr<RocksStore> open() const {
    RocksOptions options;
    options.folder = folder.path();
    auto result = RocksStore::open(options);
    REQUIRE(result.has_value());
    return std::move(*result);
  }
};

}  // namespace

#define STORE_TEST(text) TEST_CASE_TEMPLATE(text, Kind, InMemory, OnDisk)

STORE_TEST("a new store holds nothing, and its first lsn is 1") {
  Kind kind;
  const Store& store = kind.store;
  CHECK(store.first_lsn() == 1);
  CHECK(store.last_lsn() == 0);
  CHECK(store.log_bytes() == 0);
  CHECK(log_of(store).empty());
  for (std::size_t i = 0; i < kTableCount; ++i)
    CHECK(table_of(store, static_cast<Table>(i)).empty());
}

STORE_TEST("records are read in order, from anywhere, until the visitor has enough") {
  Kind kind;
  Store& store = kind.store;
  const std::vector<Record> batch{record_of(1, "one"), record_of(2, std::string("t\0o", 3))};
  store.append(batch);
  append(store, 3, "three");
  store.sync();
  CHECK(store.last_lsn() == 3);
  CHECK(store.log_bytes() == 11);
  CHECK(log_of(store) == LogContent{{1, "one"}, {2, std::string("t\0o", 3)}, {3, "three"}});
  std::vector<Lsn> seen;
  const auto note = [&](Lsn lsn, ByteView) {
    seen.push_back(lsn);
    return lsn < 2;
  };
  CHECK(store.read(1, note).has_value());
  CHECK(seen == std::vector<Lsn>{1, 2});
  CHECK(store.read(3, note).has_value());
  CHECK(seen == std::vector<Lsn>{1, 2, 3});
  CHECK(store.read(4, note).has_value());
  CHECK(seen.size() == 3);
}

STORE_TEST("the first record ever may have any lsn") {
  Kind kind;
  Store& store = kind.store;
  append(store, 1'000, "restored");
  CHECK(store.first_lsn() == 1'000);
  CHECK(store.last_lsn() == 1'000);
  append(store, 1'001, "next");
  CHECK(log_of(store) == LogContent{{1'000, "restored"}, {1'001, "next"}});
}

STORE_TEST("what was trimmed is neither read nor counted, and the lsn goes on") {
  Kind kind;
  Store& store = kind.store;
  for (Lsn lsn = 1; lsn <= 3; ++lsn) append(store, lsn, "record");
  store.trim(3);
  CHECK(store.first_lsn() == 3);
  CHECK(store.last_lsn() == 3);
  CHECK(store.log_bytes() == 6);
  const Result<void> forgotten = store.read(2, [](Lsn, ByteView) { return true; });
  REQUIRE_FALSE(forgotten.has_value());
  CHECK(forgotten.error().text == "record 2 is no longer in the log, which begins at 3");
  store.trim(1);  // What is gone already may be trimmed again.
  CHECK(log_of(store) == LogContent{{3, "record"}});
  store.trim(100);  // Beyond the end: all there is.
  CHECK(store.first_lsn() == 4);
  CHECK(store.last_lsn() == 3);
  CHECK(store.log_bytes() == 0);
  append(store, 4, "four");
  CHECK(log_of(store) == LogContent{{4, "four"}});
}

STORE_TEST("a tail that was cut makes room for another one") {
  Kind kind;
  Store& store = kind.store;
  for (Lsn lsn = 1; lsn <= 5; ++lsn) append(store, lsn, "old");
  store.cut(6);
  CHECK(store.last_lsn() == 5);
  store.cut(3);
  CHECK(store.last_lsn() == 2);
  CHECK(store.log_bytes() == 6);
  append(store, 3, "new");
  CHECK(log_of(store) == LogContent{{1, "old"}, {2, "old"}, {3, "new"}});
  store.trim(3);
  store.cut(2);  // Before the beginning: nothing is left.
  CHECK(store.first_lsn() == 2);
  CHECK(store.last_lsn() == 1);
  CHECK(store.log_bytes() == 0);
  CHECK(log_of(store).empty());
  store.cut(1);
  append(store, 77, "anywhere");
  CHECK(log_of(store) == LogContent{{77, "anywhere"}});
}

STORE_TEST("a hundred megabytes of records that come and go leave the last ten") {
  Kind kind;
  Store& store = kind.store;
  const std::string bytes(100'000, 'x');
  for (Lsn lsn = 1; lsn <= 1'000; ++lsn) {
    append(store, lsn, bytes);
    if (lsn % 100 == 0) store.sync();
    if (lsn > 10) store.trim(lsn - 9);
    CHECK(store.log_bytes() <= 11 * bytes.size());
  }
  CHECK(store.first_lsn() == 991);
  CHECK(store.log_bytes() > 9 * bytes.size());
  CHECK(log_of(store).size() == 10);
}

STORE_TEST("rows are read in the order of their keys, byte by byte") {
  Kind kind;
  Store& store = kind.store;
  TableChanges changes;
  for (const char* key : {"b", "a", "\xff", "ab", "B"})
    changes.puts.push_back({Table::retained, key, std::string("of ") + key});
  changes.puts.push_back({Table::wills, "a", "another table"});
  store.write_tables(changes);
  CHECK(table_of(store, Table::retained) ==
        TableContent{
            {"B", "of B"}, {"a", "of a"}, {"ab", "of ab"}, {"b", "of b"}, {"\xff", "of \xff"}});
  CHECK(table_of(store, Table::wills).size() == 1);
  CHECK(table_of(store, Table::meta).empty());
  std::size_t visits = 0;
  CHECK(store.read_table(Table::retained, [&](ByteView, ByteView) { return ++visits < 2; }));
  CHECK(visits == 2);
}

STORE_TEST("changes are carried out as ranges, deletes, puts and bodies, in this order") {
  Kind kind;
  Store& store = kind.store;
  TableChanges before;
  for (const char* key : {"a", "b", "c", "d", "e"}) before.puts.push_back({Table::queue, key, "1"});
  store.write_tables(before);
  const auto message = std::make_shared<Message>();
  message->id = static_cast<MessageId>(7);
  message->topic = "t";
  TableChanges changes;
  changes.ranges.push_back({Table::queue, "b", "d"});
  changes.deletes = {{Table::queue, "d"}, {Table::queue, "e"}, {Table::queue, "not there"}};
  changes.puts = {{Table::queue, "b", "2"}, {Table::queue, "e", "2"}};
  changes.puts.push_back({Table::messages, message_key(message->id), "not this one"});
  changes.bodies.push_back(message);
  store.write_tables(changes);
  CHECK(table_of(store, Table::queue) == TableContent{{"a", "1"}, {"b", "2"}, {"e", "2"}});
  const std::vector<std::string> keys{message_key(message->id)};
  CHECK(store.get(Table::messages, keys) == std::vector{message_row(*message).value});
}

STORE_TEST("rows that are not there are read as empty") {
  Kind kind;
  Store& store = kind.store;
  store.write_tables(put(Table::messages, "b", "value"));
  const std::vector<std::string> keys{"c", "b", "a", "b"};
  CHECK(store.get(Table::messages, keys) == std::vector<std::string>{"", "value", "", "value"});
  CHECK(store.get(Table::messages, {}).empty());
}

STORE_TEST("a snapshot sees the rows of its moment, whatever is written later") {
  Kind kind;
  Store& store = kind.store;
  TableChanges before = put(Table::meta, "state", "before");
  for (const char* key : {"a", "b", "c"}) before.puts.push_back({Table::queue, key, "1"});
  store.write_tables(before);
  const std::unique_ptr<TableSnapshot> snapshot = store.snapshot();
  TableChanges after = put(Table::meta, "state", "after");
  after.ranges.push_back({Table::queue, "a", "b"});
  after.deletes.push_back({Table::queue, "b"});
  after.puts.push_back({Table::queue, "d", "2"});
  store.write_tables(after);
  const std::unique_ptr<TableSnapshot> later = store.snapshot();
  CHECK(rows_of(*snapshot, Table::queue) == TableContent{{"a", "1"}, {"b", "1"}, {"c", "1"}});
  CHECK(rows_of(*snapshot, Table::meta) == TableContent{{"state", "before"}});
  CHECK(rows_of(*later, Table::queue) == TableContent{{"c", "1"}, {"d", "2"}});
  CHECK(rows_of(*later, Table::meta) == TableContent{{"state", "after"}});
  CHECK(later->bytes() > 0);
}

STORE_TEST("a snapshot has every table, and of an empty store it has no row") {
  Kind kind;
  Store& store = kind.store;
  const std::unique_ptr<TableSnapshot> empty = store.snapshot();
  TableChanges one_each;
  for (std::size_t i = 0; i < kTableCount; ++i)
    one_each.puts.push_back({static_cast<Table>(i), "key", std::to_string(i)});
  store.write_tables(one_each);
  const std::unique_ptr<TableSnapshot> snapshot = store.snapshot();
  for (std::size_t i = 0; i < kTableCount; ++i) {
    CHECK(rows_of(*empty, static_cast<Table>(i)).empty());
    CHECK(rows_of(*snapshot, static_cast<Table>(i)) == TableContent{{"key", std::to_string(i)}});
  }
  CHECK(empty->rows() == 0);
  CHECK(snapshot->rows() == kTableCount);
}

STORE_TEST("a snapshot is read behind any key, until the visitor has enough") {
  Kind kind;
  Store& store = kind.store;
  TableChanges changes;
  for (const char* key : {"a", "ab", "b", "\xff"})
    changes.puts.push_back({Table::retained, key, "value"});
  store.write_tables(changes);
  const std::unique_ptr<TableSnapshot> snapshot = store.snapshot();
  const auto keys_behind = [&](ByteView after, std::size_t enough) {
    std::vector<std::string> keys;
    CHECK(snapshot->read(Table::retained, after, [&](ByteView key, ByteView) {
      keys.emplace_back(key);
      return keys.size() < enough;
    }));
    return keys;
  };
  using Keys = std::vector<std::string>;
  CHECK(keys_behind("", 9) == Keys{"a", "ab", "b", "\xff"});
  CHECK(keys_behind("a", 9) == Keys{"ab", "b", "\xff"});
  CHECK(keys_behind("aa", 9) == Keys{"ab", "b", "\xff"});  // Not there itself.
  CHECK(keys_behind("ab", 1) == Keys{"b"});
  CHECK(keys_behind("b", 9) == Keys{"\xff"});
  CHECK(keys_behind("\xff", 9).empty());
}

STORE_TEST("a snapshot is read in another thread while the table changes") {
  Kind kind;
  Store& store = kind.store;
  TableContent expected;
  TableChanges changes;
  for (int i = 100; i < 200; ++i) {
    expected.emplace_back(std::to_string(i), std::string(100, 'x'));
    changes.puts.push_back({Table::queue, expected.back().first, expected.back().second});
  }
  store.write_tables(changes);
  const std::unique_ptr<TableSnapshot> snapshot = store.snapshot();
  std::atomic<bool> done = false;
  bool same = true;
  std::thread reader([&] {
    while (!done) same = same && rows_of(*snapshot, Table::queue) == expected;
  });
  for (int round = 0; round < 200; ++round) {
    TableChanges others;
    others.ranges.push_back({Table::queue, "1", "2"});
    others.puts.push_back({Table::queue, std::to_string(100 + round % 100), "another"});
    store.write_tables(others);
    if (round % 50 == 0) store.reclaim();
  }
  done = true;
  reader.join();
  CHECK(same);
  CHECK(rows_of(*snapshot, Table::queue) == expected);
  CHECK(table_of(store, Table::queue) == TableContent{{"199", "another"}});
}

STORE_TEST("no changes are no harm") {
  Kind kind;
  Store& store = kind.store;
  store.write_tables({});
  store.append({});
  store.sync();
  CHECK(store.last_lsn() == 0);
}

STORE_TEST("another thread reads whole writes while one writes") {
  Kind kind;
  Store& store = kind.store;
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (Lsn lsn = 1; lsn <= 2'000; ++lsn) {
      append(store, lsn, std::to_string(lsn));
      TableChanges both = put(Table::meta, "state", std::to_string(lsn));
      both.puts.push_back({Table::meta, "twin", std::to_string(lsn)});
      store.write_tables(both);
      if (lsn % 500 == 0) store.sync();
    }
    done = true;
  });
  bool whole = true;
  while (!done) {
    const TableContent rows = table_of(store, Table::meta);
    whole = whole && (rows.empty() || (rows.size() == 2 && rows[0].second == rows[1].second));
    Lsn expected = 1;
    for (const auto& [lsn, bytes] : log_of(store))
      whole = whole && lsn == expected++ && bytes == std::to_string(lsn);
  }
  writer.join();
  CHECK(whole);
  CHECK(log_of(store).size() == 2'000);
}

}  // namespace tandemq
