#include "store/memory_store.hpp"

#include "tests/store/samples.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using tests::append;
using tests::log_of;
using tests::LogContent;
using tests::put;
using tests::table_of;
using tests::TableContent;

struct Content {
  Lsn first = 0;
  Lsn last = 0;
  std::uint64_t bytes = 0;
  LogContent log;
  TableContent rows;
  bool operator==(const Content&) const = default;
};

Content content_of(const MemoryStore& store) {
  return {store.first_lsn(), store.last_lsn(), store.log_bytes(), log_of(store),
          table_of(store, Table::retained)};
}

std::string random_key(std::mt19937& random) {
  return std::string(1, static_cast<char>('a' + random() % 8));
}

void write_something(MemoryStore& store, std::mt19937& random) {
  const Lsn last = store.last_lsn();
  switch (random() % 6) {
    case 0:
      store.trim(store.first_lsn() + random() % 3);
      break;
    case 1:
      store.cut(last + 2 - random() % std::min<Lsn>(last + 2, 4));
      break;
    case 2: {
      TableChanges changes = put(Table::retained, random_key(random), std::to_string(random()));
      changes.ranges.push_back({Table::retained, "b", random_key(random) + "z"});
      if (changes.ranges[0].end > "b") store.write_tables(changes);
      break;
    }
    case 3: {
      TableChanges changes = put(Table::retained, random_key(random), std::to_string(random()));
      changes.deletes.push_back({Table::retained, random_key(random)});
      store.write_tables(changes);
      break;
    }
    default:
      append(store, last + 1, std::to_string(random()));
  }
}

}  // namespace

TEST_CASE("a loss of power leaves a prefix of the writes, whatever they are") {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    MemoryStore store;
    for (std::size_t i = random() % 20; i > 0; --i) write_something(store, random);
    store.sync();
    std::vector<Content> after{content_of(store)};  // By the number of writes since the sync.
    for (std::size_t i = random() % 20; i > 0; --i) {
      write_something(store, random);
      if (store.unsynced() == after.size()) after.push_back(content_of(store));
    }
    REQUIRE(store.unsynced() + 1 == after.size());
    const std::size_t survivors = random() % after.size();
    store.lose_power(survivors);
    CHECK(content_of(store) == after[survivors]);
    CHECK(store.unsynced() == 0);
  }
}

TEST_CASE("what was synced survives every loss of power") {
  MemoryStore store;
  append(store, 1, "one");
  store.write_tables(put(Table::meta, "state", "1"));
  CHECK(store.unsynced() == 2);
  store.sync();
  CHECK(store.unsynced() == 0);
  append(store, 2, "two");
  store.lose_power(0);
  CHECK(log_of(store) == LogContent{{1, "one"}});
  CHECK(table_of(store, Table::meta) == TableContent{{"state", "1"}});
  append(store, 2, "another two");
  store.lose_power(9);  // More than there were: all survive.
  CHECK(log_of(store) == LogContent{{1, "one"}, {2, "another two"}});
}

}  // namespace tandemq
