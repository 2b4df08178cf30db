#include "topic/slot_table.hpp"

#include "tests/topic/random_topics.hpp"
#include "topic/pool.hpp"

#include <map>
#include <string>
#include <vector>
#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("a slot table finds all that is in it and nothing else, with hashes that collide") {
  RandomTopics random(11);
  SlotTable table;
  std::map<std::uint32_t, std::uint32_t> hash_of;  // By number.
  for (int step = 0; step < 50000; ++step) {
    const std::uint32_t number = 1 + random.below(2000);
    const auto known = hash_of.find(number);
    if (known != hash_of.end()) {
      table.erase(known->second, number);
      hash_of.erase(known);
    } else {
      // Few hashes, most of them at the end of the table, so that runs wrap around.
      const std::uint32_t hash = 0xFFFFFFFFU - random.below(300);
      table.insert(hash, number);
      hash_of.emplace(number, hash);
    }
    const std::uint32_t asked = 1 + random.below(2000);
    const auto expected = hash_of.find(asked);
    const std::uint32_t hash = expected == hash_of.end() ? 0xFFFFFFF0U : expected->second;
    const std::uint32_t found = table.find(hash, [&](std::uint32_t n) { return n == asked; });
    REQUIRE(found == (expected == hash_of.end() ? 0 : asked));
  }
  CHECK(table.size() == hash_of.size());
}

TEST_CASE("a slot table gives memory back as it empties") {
  SlotTable table;
  table.reserve(10000);
  const std::size_t full = table.memory_size();
  for (std::uint32_t i = 1; i <= 10000; ++i) table.insert(i * 2654435761U, i);
  CHECK(table.memory_size() == full);
  for (std::uint32_t i = 1; i <= 9900; ++i) table.erase(i * 2654435761U, i);
  CHECK(table.memory_size() * 8 < full);
  for (std::uint32_t i = 9901; i <= 10000; ++i) {
    CHECK(table.find(i * 2654435761U, [&](std::uint32_t n) { return n == i; }) == i);
    table.erase(i * 2654435761U, i);
  }
  CHECK(table.memory_size() == 0);
}

TEST_CASE("a pool gives out fresh records, released numbers first, and never 0") {
  Pool<std::string> pool;
  const std::uint32_t first = pool.obtain();
  const std::uint32_t second = pool.obtain();
  CHECK(first != 0);
  CHECK(first != second);
  pool[first] = "first";
  pool[second] = "second";
  pool.release(first);
  CHECK(pool.size() == 1);
  CHECK(pool.obtain() == first);
  CHECK(pool[first].empty());
  CHECK(pool[second] == "second");
}

TEST_CASE("a pool gives all memory back with the last record and keeps record 0") {
  Pool<std::string> pool;
  const std::size_t empty = pool.memory_size();
  pool[0] = "root";
  std::vector<std::uint32_t> ids;
  for (int i = 0; i < 5000; ++i) ids.push_back(pool.obtain());
  CHECK(pool.memory_size() > empty);
  for (const std::uint32_t id : ids) pool.release(id);
  CHECK(pool.size() == 0);
  CHECK(pool.memory_size() == empty);
  CHECK(pool[0] == "root");
}
