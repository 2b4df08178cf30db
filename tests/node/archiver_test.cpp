#include "node/archiver.hpp"

#include "node/committer.hpp"
#include "store/memory_store.hpp"
#include "tests/recovery/history.hpp"
#include "tests/store/samples.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;

TEST_CASE("what the log holds when an archiver is stopped is archived") {
  const TempFolder folder;
  MemoryStore store;
  History history(store);
  history.begin();
  Archiver archiver(folder.path() + "/archive", store, history.position,
                    {[](const std::string&) {}, [](const std::string& text) { FAIL(text); }});
  history.go_on();
  archiver.stop();
  CHECK(archiver.archived() == 6);
  Lsn last = 0;
  CHECK(read_archive(folder.path() + "/archive", {}, [&](const OpenedRecord& record, ByteView) {
    last = record.position.lsn;
    return true;
  }));
  CHECK(last == 6);
}

TEST_CASE("the log keeps what is not archived, however long it gets") {
  MemoryStore store;
  Config config;
  config.store.in_memory = true;
  config.store.log_bytes_max = 1'000;
  const Lsn archived = 40;
  Committer committer(store, config, 0, {[](Lsn, Lsn) {}, [] {}, [] { return archived; }, nullptr});
  for (Lsn lsn = 1; lsn <= 100; ++lsn) committer.append(record_of(lsn, std::string(90, 'x')));
  committer.stop();
  CHECK(store.last_lsn() == 100);
  CHECK(store.first_lsn() <= archived + 1);
}
