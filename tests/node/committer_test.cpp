#include "node/committer.hpp"

#include "store/memory_store.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

Record record_of(Lsn lsn, std::size_t size = 90) {
  Record record;
  record.position.lsn = lsn;
  record.bytes = std::string(size, 'x');
  return record;
}

// What a committer said, for the thread that waits for it.
class Told {
 public:
  explicit Told(const MemoryStore& store) : store_(store) {}

  Committer::Ports ports() {
    return {[this](Lsn written, Lsn flushed) { note(written, flushed); }, [this] { note_tables(); },
            nullptr, nullptr};
  }
  void await_written(Lsn lsn) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return written_ >= lsn; });
  }
  void await(Lsn lsn) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return flushed_ >= lsn; });
  }
  void await_tables(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return tables_ >= count; });
  }
  bool told_too_early = false;
  bool fell = false;

 private:
  void note(Lsn written, Lsn flushed) {
    const std::lock_guard lock(mutex_);
    const bool waits = flushed < written;
    told_too_early = told_too_early || store_.last_lsn() < written || written < flushed ||
                     (!waits && store_.unsynced() > 0);
    fell = fell || written < written_ || flushed < flushed_;
    written_ = written;
    flushed_ = flushed;
    changed_.notify_all();
  }
  void note_tables() {
    const std::lock_guard lock(mutex_);
    ++tables_;
    changed_.notify_all();
  }

  const MemoryStore& store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Lsn written_ = 0;
  Lsn flushed_ = 0;
  int tables_ = 0;
};

}  // namespace

TEST_CASE("a record is told to be flushed when it is on the disk, not before") {
  MemoryStore store;
  Told told(store);
  Committer committer(store, Config{}, 0, told.ports());
  for (Lsn lsn = 1; lsn <= 100; ++lsn) committer.append(record_of(lsn));
  told.await(100);
  CHECK_FALSE(told.told_too_early);
  CHECK_FALSE(told.fell);
  CHECK(store.last_lsn() == 100);
  committer.append(record_of(101));
  told.await(101);
  committer.stop();
  CHECK(committer.backlog_bytes() == 0);
}

TEST_CASE("what was appended is on the disk after stop(), whatever store.sync says") {
  MemoryStore store;
  Told told(store);
  Config config;
  config.store.sync = "never";
  Committer committer(store, config, 0, told.ports());
  committer.append(record_of(1));
  committer.stop();
  CHECK(store.last_lsn() == 1);
  CHECK(store.unsynced() == 0);
}

TEST_CASE("each fsync is measured, with the records that it forced to the disk") {
  MemoryStore store;
  Told told(store);
  Measures measures;
  auto ports = told.ports();
  ports.measures = &measures;
  Committer committer(store, Config{}, 0, std::move(ports));
  for (Lsn lsn = 1; lsn <= 100; ++lsn) committer.append(record_of(lsn));
  told.await(100);
  committer.write_tables({});
  committer.stop();
  const auto groups = measures.group_records.snapshot();
  CHECK(groups.sum == 100);
  CHECK(groups.count >= 1);
  CHECK(measures.fsync_ns.snapshot().count == groups.count);
}

TEST_CASE("with store.sync = interval the log is forced to the disk a little later") {
  MemoryStore store;
  Told told(store);
  Config config;
  config.store.sync = "interval:1";
  Committer committer(store, config, 0, told.ports());
  committer.append(record_of(1));
  told.await_written(1);
  told.await(1);
  CHECK(store.unsynced() == 0);
  CHECK(store.last_lsn() == 1);
  CHECK_FALSE(told.told_too_early);
}

TEST_CASE("set_flush() outdoes store.sync, and what waited is forced to the disk then") {
  MemoryStore store;
  Told told(store);
  Config config;
  config.store.sync = "never";
  SUBCASE("alone: as it says") {}
  SUBCASE("with a peer: a tenth of a second later") {
    config.replication.peer = "127.0.0.1:1";
  }
  Committer committer(store, config, 0, told.ports());
  committer.append(record_of(1));
  told.await_written(1);
  if (config.replication.peer.empty()) CHECK(store.unsynced() > 0);
  committer.set_flush(true);
  told.await(1);
  committer.append(record_of(2));
  told.await(2);
  committer.set_flush(false);
  committer.append(record_of(3));
  told.await_written(3);
  if (config.replication.peer.empty()) {
    CHECK(store.unsynced() > 0);
  } else {
    told.await(3);
  }
  CHECK_FALSE(told.told_too_early);
  CHECK_FALSE(told.fell);
}

TEST_CASE("the log keeps what a standby needs, as far as replication.log_bytes_max allows") {
  MemoryStore store;
  Told told(store);
  Config config;
  config.store.log_bytes_max = 1'000;
  config.replication.log_bytes_max = 5'000;
  Lsn needed = 0;
  SUBCASE("it needs a little") {
    needed = 70;
  }
  SUBCASE("it needs more than that") {
    needed = 10;
  }
  std::uint64_t allowance = 0;
  SUBCASE("it needs more, and an image of 2,500 bytes is on its way") {
    needed = 10;
    allowance = 2'500;
  }
  SUBCASE("it needs more, and nobody knows yet what its image weighs") {
    needed = 10;
    allowance = UINT64_MAX;
  }
  Committer::Ports ports = told.ports();
  ports.followed = [needed] { return needed; };
  ports.allowance = [allowance] { return allowance; };
  Committer committer(store, config, 0, std::move(ports));
  for (Lsn lsn = 1; lsn <= 100; ++lsn) committer.append(record_of(lsn));
  TableChanges changes;
  changes.at.lsn = 100;
  committer.write_tables(TableChanges(changes));
  told.await_tables(1);
  committer.stop();
  if (needed == 70) {
    CHECK(store.first_lsn() == 70);
  } else if (allowance == UINT64_MAX) {
    CHECK(store.first_lsn() == 10);
  } else if (allowance > 0) {
    CHECK(store.first_lsn() > 15);
    CHECK(store.first_lsn() < 25);
  } else {
    CHECK(store.first_lsn() > 40);
    CHECK(store.first_lsn() < 50);
  }
}

TEST_CASE("the log is trimmed to its bound, but never beyond the tables") {
  MemoryStore store;
  Told told(store);
  Config config;
  config.store.log_bytes_max = 1'000;
  Committer committer(store, config, 0, told.ports());
  for (Lsn lsn = 1; lsn <= 100; ++lsn) committer.append(record_of(lsn));
  told.await(100);
  CHECK(store.first_lsn() == 1);
  TableChanges changes;
  changes.at.lsn = 50;
  committer.write_tables(TableChanges(changes));
  told.await_tables(1);
  committer.append(record_of(101));
  told.await(101);
  CHECK(store.first_lsn() == 50);
  changes.at.lsn = 101;
  committer.write_tables(TableChanges(changes));
  told.await_tables(2);
  committer.stop();
  CHECK(store.first_lsn() > 80);
  CHECK(store.last_lsn() == 101);
}

}  // namespace tandemq
