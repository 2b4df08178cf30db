#include "store/torn_tail.hpp"

#include "store/rocks_store.hpp"
#include "tests/store/samples.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

// The write-ahead log of a store with records of all sizes, none of which is in a file yet.
std::string write_ahead_log() {
  const tests::TempFolder folder;
  RocksOptions options;
  options.folder = folder.path();
  auto store = RocksStore::open(options);
  REQUIRE(store.has_value());
  for (Lsn lsn = 1; lsn <= 40; ++lsn) tests::append(**store, lsn, tests::noise(lsn, lsn * lsn * 3));
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().extension() != ".log") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  return {};
}

}  // namespace

TEST_CASE("a log without damage has no torn tail") {
  const std::string log = write_ahead_log();
  REQUIRE(log.size() > 64'000);
  CHECK_FALSE(torn_tail(log).has_value());
  CHECK_FALSE(torn_tail("").has_value());
}

TEST_CASE("a tail is torn where its first entry is not whole, and what is left is whole") {
  const std::string whole = write_ahead_log();
  for (std::size_t at = 1; at < whole.size(); at += 1'777) {
    CAPTURE(at);
    std::string zeroed = whole;
    zeroed.replace(at, std::string::npos, whole.size() - at, '\0');
    const auto end = torn_tail(zeroed);
    REQUIRE(end.has_value());
    CHECK(*end <= at);
    CHECK(at - *end < 4'900 + 100);  // No more than the entry that is torn.
    CHECK_FALSE(torn_tail(whole.substr(0, *end)).has_value());
    const auto of_cut = torn_tail(whole.substr(0, at));
    CHECK(of_cut.value_or(at) == *end);
  }
}

TEST_CASE("a hole inside of the last entry is a torn tail") {
  std::string log = write_ahead_log();
  log[log.size() - 2'000] ^= 1;
  const auto end = torn_tail(log);
  REQUIRE(end.has_value());
  CHECK(*end > log.size() - 4'900 - 100);
}

TEST_CASE("damage with sound entries behind it is no torn tail") {
  const std::string whole = write_ahead_log();
  for (std::size_t at = 0; at + 10'000 < whole.size(); at += 997) {
    CAPTURE(at);
    std::string log = whole;
    log[at] ^= 0x40;
    CHECK_FALSE(torn_tail(log).has_value());
  }
}

}  // namespace tandemq
