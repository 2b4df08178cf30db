#include "node/committer.hpp"

#include "store/memory_store.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
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
    return {[this](Lsn lsn) { note(lsn); }, [this] { note_tables(); }};
  }
  void await(Lsn lsn) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return committed_ >= lsn; });
  }
  void await_tables(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return tables_ >= count; });
  }
  bool told_too_early = false;

 private:
  void note(Lsn lsn) {
    const std::lock_guard lock(mutex_);
    told_too_early = told_too_early || store_.last_lsn() < lsn || store_.unsynced() > 0;
    committed_ = lsn;
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
  Lsn committed_ = 0;
  int tables_ = 0;
};

}  // namespace

TEST_CASE("a record is told to be committed when it is on the disk, not before") {
  MemoryStore store;
  Told told(store);
  Committer committer(store, StoreConfig{}, 0, told.ports());
  for (Lsn lsn = 1; lsn <= 100; ++lsn) committer.append(record_of(lsn));
  told.await(100);
  CHECK_FALSE(told.told_too_early);
  CHECK(store.last_lsn() == 100);
  committer.append(record_of(101));
  told.await(101);
  committer.stop();
  CHECK(committer.backlog_bytes() == 0);
}

TEST_CASE("what was appended is on the disk after stop(), whatever store.sync says") {
  MemoryStore store;
  Told told(store);
  StoreConfig config;
  config.sync = "never";
  Committer committer(store, config, 0, told.ports());
  committer.append(record_of(1));
  committer.stop();
  CHECK(store.last_lsn() == 1);
  CHECK(store.unsynced() == 0);
}

TEST_CASE("with store.sync = interval the log is forced to the disk a little later") {
  MemoryStore store;
  Told told(store);
  StoreConfig config;
  config.sync = "interval:1";
  Committer committer(store, config, 0, told.ports());
  committer.append(record_of(1));
  told.await(1);
  while (store.unsynced() > 0) std::this_thread::yield();
  CHECK(store.last_lsn() == 1);
}

TEST_CASE("the log is trimmed to its bound, but never beyond the tables") {
  MemoryStore store;
  Told told(store);
  StoreConfig config;
  config.log_bytes_max = 1'000;
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
