#include "node/committer.hpp"

#include "store/memory_store.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("a record is in the store before it is told to be durable, and the log stays bounded") {
  MemoryStore store;
  std::vector<Lsn> told;
  Committer committer(store, 1'000, [&](Lsn lsn) {
    CHECK(store.last_lsn() == lsn);
    told.push_back(lsn);
  });
  for (Lsn lsn = 1; lsn <= 100; ++lsn) {
    Record record;
    record.position.lsn = lsn;
    record.bytes = std::string(90, 'x');
    committer.append(record);
    CHECK(store.log_bytes() <= 1'000);
  }
  CHECK(told.size() == 100);
  CHECK(told.back() == 100);
  CHECK(store.first_lsn() > 80);
}

}  // namespace tandemq
