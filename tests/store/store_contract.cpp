#include "tests/store/store_contract.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq::tests {
namespace {

Record record_of(Lsn lsn, std::string bytes) {
  Record record;
  record.position.lsn = lsn;
  record.bytes = std::move(bytes);
  return record;
}

std::vector<std::pair<Lsn, std::string>> content(const Store& store, Lsn from) {
  std::vector<std::pair<Lsn, std::string>> found;
  const Result<void> result = store.read(from, [&](Lsn lsn, ByteView bytes) {
    found.emplace_back(lsn, bytes);
    return true;
  });
  CHECK(result.has_value());
  return found;
}

void check_empty(const Store& store) {
  CHECK(store.first_lsn() == 1);
  CHECK(store.last_lsn() == 0);
  CHECK(store.log_bytes() == 0);
  CHECK(content(store, 1).empty());
}

void check_append_and_read(Store& store) {
  const std::vector<Record> batch{record_of(1, "one"), record_of(2, std::string("t\0o", 3))};
  store.append(batch);
  const std::vector<Record> next{record_of(3, "three")};
  store.append(next);
  store.sync();
  CHECK(store.first_lsn() == 1);
  CHECK(store.last_lsn() == 3);
  CHECK(store.log_bytes() >= 11);
  using Pairs = std::vector<std::pair<Lsn, std::string>>;
  CHECK(content(store, 1) == Pairs{{1, "one"}, {2, std::string("t\0o", 3)}, {3, "three"}});
  CHECK(content(store, 3) == Pairs{{3, "three"}});
  CHECK(content(store, 4).empty());
  std::size_t visits = 0;
  CHECK(store.read(1, [&](Lsn, ByteView) { return ++visits < 2; }).has_value());
  CHECK(visits == 2);
}

void check_trim(Store& store) {
  const std::uint64_t bytes_before = store.log_bytes();
  store.trim(3);
  CHECK(store.first_lsn() == 3);
  CHECK(store.last_lsn() == 3);
  CHECK(store.log_bytes() < bytes_before);
  const Result<void> forgotten = store.read(2, [](Lsn, ByteView) { return true; });
  REQUIRE_FALSE(forgotten.has_value());
  CHECK(forgotten.error().text.find("2") != std::string::npos);
  store.trim(1);  // What is gone already may be trimmed again.
  CHECK(content(store, 3).size() == 1);
  store.trim(100);  // Beyond the end: all there is, and the next lsn stays.
  CHECK(store.first_lsn() == 4);
  CHECK(store.last_lsn() == 3);
  const std::vector<Record> next{record_of(4, "four")};
  store.append(next);
  CHECK(store.first_lsn() == 4);
  CHECK(content(store, 4).size() == 1);
}

}  // namespace

void check_store_contract(const std::function<std::unique_ptr<Store>()>& make) {
  const std::unique_ptr<Store> store = make();
  check_empty(*store);
  check_append_and_read(*store);
  check_trim(*store);
}

}  // namespace tandemq::tests
