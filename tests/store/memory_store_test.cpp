#include "store/memory_store.hpp"

#include "tests/store/store_contract.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("the memory store keeps the contract of stores") {
  tests::check_store_contract([] { return std::make_unique<MemoryStore>(); });
}

TEST_CASE("the memory store holds nothing of what was trimmed") {
  MemoryStore store;
  for (Lsn lsn = 1; lsn <= 1'000; ++lsn) {
    Record record;
    record.position.lsn = lsn;
    record.bytes = std::string(100, 'x');
    store.append({&record, 1});
    store.trim(lsn > 10 ? lsn - 9 : 1);
    CHECK(store.log_bytes() <= 1'000);
  }
  CHECK(store.first_lsn() == 991);
}

}  // namespace tandemq
