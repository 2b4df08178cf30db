#include "recovery/verify.hpp"

#include "session/rows.hpp"
#include "store/memory_store.hpp"
#include "tests/recovery/history.hpp"
#include "tests/store/samples.hpp"

#include <string>
#include <utility>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;

namespace {

Verification verify(const Store& store) {
  return verify_store(store, [](const std::string&) {});
}

std::uint64_t rows_of(const Verification& result, Table table) {
  return result.rows[static_cast<std::size_t>(table)];
}

}  // namespace

TEST_CASE("a sound store is told with all that it holds") {
  MemoryStore store;
  History history(store);
  history.begin();
  history.go_on();
  const Verification result = verify(store);
  CHECK(result.sound());
  CHECK(report_of(result).empty());
  CHECK(result.position == history.position);
  CHECK(result.first_lsn == 1);
  CHECK(result.tables_at == 3);
  CHECK(result.records == 6);
  CHECK(result.replayed == 3);
  CHECK(result.last_at == Instant{6'000});
  CHECK(result.sessions == 2);
  CHECK(result.messages == 6);
  CHECK(result.digest == history.state.digest());
  CHECK(rows_of(result, Table::sessions) == 2);
  CHECK(rows_of(result, Table::subscriptions) == 2);
  CHECK(rows_of(result, Table::messages) == 4);
  CHECK(rows_of(result, Table::queue) == 4);
  CHECK(rows_of(result, Table::retained) == 1);
  CHECK(rows_of(result, Table::wills) == 1);
}

TEST_CASE("a row whose checksum does not match is found") {
  MemoryStore store;
  History history(store);
  history.begin();
  damage_row(store, Table::wills, "ann");
  const Verification result = verify(store);
  CHECK_FALSE(result.sound());
  CHECK(report_of(result) == "wills row 'ann': checksum does not match\n");
}

TEST_CASE("damage is found in records that the tables hold already, and told once in others") {
  MemoryStore store;
  History history(store);
  history.record({SessionOpened{kAnn, "ann", "", 60, Instant{1}, true}});
  history.replace_next_by = "no record";
  history.record({IncomingTaken{kAnn, 1}});
  history.record({IncomingTaken{kAnn, 2}});
  history.write_tables();
  history.record({IncomingTaken{kAnn, 3}});
  history.replace_next_by = "no record either";
  history.record({IncomingTaken{kAnn, 4}});
  const Verification result = verify(store);
  REQUIRE(result.damage.size() == 2);
  CHECK(result.damage[0].where == "record 2");
  CHECK(result.damage[0].bytes == "no record");
  CHECK(result.damage[1].where == "record 5");
  CHECK(result.records == 5);
}

TEST_CASE("a record of another history is found by its chain") {
  MemoryStore store;
  History history(store);
  history.record({SessionOpened{kAnn, "ann", "", 60, Instant{1}, true}});
  history.position.chain ^= 1U;
  history.record({IncomingTaken{kAnn, 1}});
  history.write_tables();
  const Verification result = verify(store);
  REQUIRE(result.damage.size() == 1);
  CHECK(result.damage[0].what.find("does not follow the one before it") != std::string::npos);
}

TEST_CASE("a store on the disk is verified in its folder, and not made if there is none") {
  const TempFolder folder;
  const auto progress = [](const std::string&) {};
  const auto none = verify_folder(folder.path() + "/none", progress);
  REQUIRE_FALSE(none);
  CHECK(none.error().text.find("there is no store in ") == 0);
  std::uint64_t digest = 0;
  {
    RocksOptions options;
    options.folder = folder.path() + "/store";
    auto store = RocksStore::open(std::move(options));
    REQUIRE(store);
    History history(**store);
    history.begin();
    digest = history.state.digest();
    CHECK(tables_at_of(**store) == 3);
  }
  const auto result = verify_folder(folder.path() + "/store", progress);
  REQUIRE_MESSAGE(result, (result ? "" : result.error().text));
  CHECK(result->sound());
  CHECK(result->digest == digest);
}
