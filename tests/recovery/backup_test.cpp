#include "recovery/backup.hpp"

#include "recovery/archive.hpp"
#include "recovery/files.hpp"
#include "recovery/recover.hpp"
#include "recovery/restore.hpp"
#include "tests/recovery/history.hpp"
#include "tests/store/samples.hpp"

#include <filesystem>
#include <memory>
#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;
namespace fs = std::filesystem;

namespace {

std::unique_ptr<RocksStore> open_store(const std::string& folder) {
  RocksOptions options;
  options.folder = folder;
  auto store = RocksStore::open(std::move(options));
  REQUIRE_MESSAGE(store.has_value(), store.error().text);
  return std::move(*store);
}

struct Lab {
  Lab() { history.begin(); }

  TempFolder folder;
  std::string data_dir = folder.path() + "/data";
  std::string target = folder.path() + "/target";
  std::string backup = folder.path() + "/backup";
  std::unique_ptr<RocksStore> store =
      (fs::create_directory(data_dir), open_store(data_dir + "/store"));
  History history{*store};

  Result<Backup> create() {
    return create_backup(*store, backup, "a", Instant{9'000}, [](const std::string&) {});
  }
  Result<Restored> restore(RestoreOrder order = {}) {
    order.backup = backup;
    order.data_dir = target;
    order.now = Instant{10'000};
    return restore_backup(order, [](const std::string&) {});
  }
  void archive_all() {
    Archive archive(folder.path() + "/archive", *store, history.position,
                    {[](const std::string&) {}, [](const std::string& text) { FAIL(text); }});
    while (archive.advance()) continue;
  }
  [[nodiscard]] std::uint64_t restored_digest() const {
    const auto opened = open_store(target + "/store");
    State state;
    CHECK(recover(*opened, state, {}).damage.empty());
    return state.digest();
  }
  [[nodiscard]] RestoreOrder until(std::int64_t ms) const {
    RestoreOrder order;
    order.archive = folder.path() + "/archive";
    order.until = Instant{ms};
    return order;
  }
};

template <class T>
std::string problem(const Result<T>& result) {
  return result ? "" : result.error().text;
}

}  // namespace

TEST_CASE("a backup of a store in use is restored to the state that it had") {
  Lab lab;
  lab.history.go_on();
  const auto backup = lab.create();
  REQUIRE_MESSAGE(backup, problem(backup));
  CHECK(backup->position == lab.history.position);
  CHECK(backup->sessions == 2);
  CHECK(backup->digest == lab.history.state.digest());
  const std::uint64_t digest = lab.history.state.digest();
  lab.history.record({SessionEnded{kBob}});  // After it.
  const auto restored = lab.restore();
  REQUIRE_MESSAGE(restored, problem(restored));
  CHECK(restored->position == backup->position);
  CHECK(restored->last_at == Instant{6'000});
  CHECK(restored->digest == digest);
  CHECK(restored->moved_to.empty());
  CHECK(lab.restored_digest() == digest);
  CHECK_FALSE(fs::exists(lab.target + "/restore.tmp"));
}

TEST_CASE("backup.json says what the backup is, and without it there is none") {
  Lab lab;
  const auto created = lab.create();
  REQUIRE_MESSAGE(created, problem(created));
  const auto read = read_backup(lab.backup);
  REQUIRE_MESSAGE(read, problem(read));
  CHECK(read->created_at == Instant{9'000});
  CHECK(read->node == "a");
  CHECK(read->position == created->position);
  CHECK(read->sessions == 2);
  CHECK(read->messages == created->messages);
  CHECK(read->digest == created->digest);
  fs::remove(lab.backup + "/backup.json");
  CHECK(problem(lab.restore()).find("holds no backup") != std::string::npos);
  REQUIRE(write_file(lab.backup + "/backup.json", "{\"format\": 77}"));
  CHECK(problem(lab.restore()).find("is of format 77") != std::string::npos);
}

TEST_CASE("a backup is not made where something is already") {
  Lab lab;
  fs::create_directory(lab.backup);
  REQUIRE(lab.create());
  CHECK(problem(lab.create()).find("is not empty") != std::string::npos);
  CHECK(read_backup(lab.backup));
}

TEST_CASE("a store that is there is replaced only on demand, and kept") {
  Lab lab;
  REQUIRE(lab.create());
  lab.target = lab.data_dir;
  CHECK(problem(lab.restore()).find("holds a store already; --replace") != std::string::npos);
  lab.history.go_on();
  lab.store.reset();
  RestoreOrder order;
  order.replace = true;
  const auto restored = lab.restore(order);
  REQUIRE_MESSAGE(restored, problem(restored));
  CHECK(restored->position.lsn == 3);
  CHECK(open_store(lab.data_dir + "/store")->last_lsn() == 3);
  CHECK(restored->moved_to == lab.data_dir + "/quarantine/10000");
  CHECK(open_store(restored->moved_to + "/store")->last_lsn() == 6);
}

TEST_CASE("a damaged backup changes nothing") {
  Lab lab;
  REQUIRE(lab.create());
  damage_row(*open_store(lab.backup + "/store"), Table::sessions, std::string("\0\0\0\1", 4));
  CHECK(problem(lab.restore()).find("the backup is damaged:\nsessions row") == 0);
  CHECK_FALSE(fs::exists(lab.target + "/store"));
  CHECK_FALSE(fs::exists(lab.target + "/restore.tmp"));
}

TEST_CASE("the archive takes a backup on to a point in time, exactly") {
  Lab lab;
  REQUIRE(lab.create());
  lab.history.record({SessionEnded{kBob}}, 10'000);
  const std::uint64_t digest = lab.history.state.digest();
  lab.history.record({SessionEnded{kAnn}}, 10'001);
  lab.archive_all();
  const auto restored = lab.restore(lab.until(10'000));
  REQUIRE_MESSAGE(restored, problem(restored));
  CHECK(restored->position.lsn == 4);
  CHECK(restored->archived == 1);
  CHECK(restored->last_at == Instant{10'000});
  CHECK_FALSE(restored->archive_ended);
  CHECK(lab.restored_digest() == digest);
}

TEST_CASE("without a time the archive is followed to its end") {
  Lab lab;
  REQUIRE(lab.create());
  lab.history.go_on();
  lab.archive_all();
  RestoreOrder order = lab.until(0);
  order.until.reset();
  const auto restored = lab.restore(order);
  REQUIRE_MESSAGE(restored, problem(restored));
  CHECK(restored->position == lab.history.position);
  CHECK(restored->digest == lab.history.state.digest());
  CHECK_FALSE(restored->archive_ended);
}

TEST_CASE("an archive that ends before the time is told") {
  Lab lab;
  REQUIRE(lab.create());
  lab.history.go_on();
  lab.archive_all();
  const auto restored = lab.restore(lab.until(1'000'000));
  REQUIRE_MESSAGE(restored, problem(restored));
  CHECK(restored->archived == 3);
  CHECK(restored->archive_ended);
}

TEST_CASE("a backup is not taken back to a time before it") {
  Lab lab;
  REQUIRE(lab.create());
  lab.archive_all();
  CHECK(problem(lab.restore(lab.until(2'999))).find("take an older one") != std::string::npos);
  CHECK(lab.restore(lab.until(3'000)));
}

TEST_CASE("a gap in the archive before the time is an error, and changes nothing") {
  Lab lab;
  REQUIRE(lab.create());
  lab.history.go_on();
  lab.store->trim(6);
  lab.archive_all();
  CHECK(problem(lab.restore(lab.until(6'000))).find("the archive lacks the records 4 to 5") == 0);
  CHECK_FALSE(fs::exists(lab.target + "/store"));
}

TEST_CASE("what a restore left that was interrupted is in nobody's way") {
  Lab lab;
  REQUIRE(lab.create());
  fs::create_directories(lab.target + "/restore.tmp");
  REQUIRE(write_file(lab.target + "/restore.tmp/CURRENT", "half of it"));
  const auto restored = lab.restore();
  CHECK_MESSAGE(restored, problem(restored));
}
