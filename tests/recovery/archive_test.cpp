#include "recovery/archive.hpp"

#include "store/memory_store.hpp"
#include "tests/recovery/history.hpp"
#include "tests/store/samples.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;
namespace fs = std::filesystem;

namespace {

struct Lab {
  TempFolder folder;
  MemoryStore store;
  History history{store};
  std::vector<std::string> news;
  std::vector<std::string> troubles;
  std::string path = folder.path() + "/archive";

  // A record with a payload of so many bytes.
  void record(std::size_t size = 10, std::int64_t at_ms = 1'000) {
    history.record({stored(history.position.lsn + 1, "t", std::string(size, 'x')),
                    RetainedSet{static_cast<MessageId>(history.position.lsn + 1)}},
                   at_ms);
  }
  Archive archive(std::uint64_t segment_bytes = Archive::kSegmentBytes) {
    return Archive(path, store, history.position,
                   {[this](const std::string& text) { news.push_back(text); },
                    [this](const std::string& text) { troubles.push_back(text); }},
                   segment_bytes);
  }
  void archive_all(std::uint64_t segment_bytes = Archive::kSegmentBytes) {
    Archive one = archive(segment_bytes);
    while (one.advance()) continue;
    CHECK(one.synced_lsn() == store.last_lsn());
  }
  // The lsns behind `after`; what went wrong goes to `error`.
  std::vector<Lsn> read(const Position& after = {}) {
    std::vector<Lsn> lsns;
    const auto done = read_archive(path, after, [&](const OpenedRecord& record, ByteView) {
      lsns.push_back(record.position.lsn);
      return true;
    });
    error = done ? "" : done.error().text;
    return lsns;
  }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    const auto segments = list_segments(path);
    for (const Segment& segment : segments.value())
      names.push_back(fs::path(segment.path).filename());
    return names;
  }
  std::string error;
};

using Lsns = std::vector<Lsn>;
constexpr const char* kFirst = "log-00000000000000000001.tqlog";

void append_to(const std::string& path, const std::string& bytes) {
  GrowingFile file;
  REQUIRE(file.open(path, fs::file_size(path)));
  REQUIRE(file.append(bytes));
}

}  // namespace

TEST_CASE("what the log holds is archived, and the next archive goes on in the same segment") {
  Lab lab;
  for (int i = 0; i < 3; ++i) lab.record();
  lab.archive_all();
  CHECK(lab.read() == Lsns{1, 2, 3});
  Archive archive = lab.archive();
  lab.record();
  CHECK_FALSE(archive.advance());
  CHECK(archive.synced_lsn() == 4);
  lab.record();
  CHECK_FALSE(archive.advance());
  CHECK(lab.read() == Lsns{1, 2, 3, 4, 5});
  CHECK(lab.files() == std::vector<std::string>{kFirst});
  CHECK(lab.news.empty());
  CHECK(lab.troubles.empty());
}

TEST_CASE("archived records are the bytes of the log, read from any position on") {
  Lab lab;
  lab.record();
  const Position first = lab.history.position;
  lab.record();
  lab.archive_all();
  CHECK(lab.read(first) == Lsns{2});
  CHECK(lab.read(lab.history.position).empty());
  std::string bytes;
  CHECK(read_archive(lab.path, first, [&](const OpenedRecord&, ByteView record) {
    bytes = record;
    return false;
  }));
  CHECK(bytes == log_of(lab.store)[1].second);
  Position other = first;
  other.chain ^= 1U;
  CHECK(lab.read(other).empty());
  CHECK(lab.error.ends_with("does not follow the one before it: it is of another history"));
}

TEST_CASE("a full segment is followed by another, and the log may forget what is archived") {
  Lab lab;
  Archive archive = lab.archive(1'000);
  for (int i = 0; i < 6; ++i) {
    lab.record(400);
    while (archive.advance()) continue;
    lab.store.trim(archive.synced_lsn());
  }
  CHECK(lab.read() == Lsns{1, 2, 3, 4, 5, 6});
  CHECK(lab.files().size() == 2);
  lab.record();
  lab.archive_all(1'000);
  CHECK(lab.files().size() == 3);
  CHECK(lab.read().back() == 7);
}

TEST_CASE("much that is missing is copied in steps") {
  Lab lab;
  for (int i = 0; i < 10; ++i) lab.record(1'000'000);
  Archive archive = lab.archive();
  CHECK(archive.advance());
  CHECK(archive.synced_lsn() == 5);
  CHECK_FALSE(archive.advance());
  CHECK(archive.synced_lsn() == 10);
}

TEST_CASE("before it knows its end the archive says that nothing is archived") {
  Lab lab;
  lab.record();
  lab.archive_all();
  CHECK(lab.archive().synced_lsn() == 0);
}

TEST_CASE("a torn tail is left behind: the next segment begins where it does") {
  Lab lab;
  lab.record();
  lab.record();
  lab.archive_all();
  const std::string path = segment_path(lab.path, 1);
  fs::resize_file(path, fs::file_size(path) - 3);
  CHECK(lab.read() == Lsns{1});
  CHECK(lab.error.empty());  // The end of the newest segment may be under way.
  lab.archive_all();
  CHECK(lab.files() == std::vector<std::string>{kFirst, "log-00000000000000000002.tqlog"});
  CHECK(lab.read() == Lsns{1, 2});
  append_to(segment_path(lab.path, 2), "half a header");
  lab.record();
  lab.archive_all();
  CHECK(lab.read() == Lsns{1, 2, 3});
}

TEST_CASE("a segment without one whole record is moved aside") {
  Lab lab;
  lab.record();
  lab.archive_all();
  fs::resize_file(segment_path(lab.path, 1), 10);
  lab.archive_all();
  CHECK(lab.read() == Lsns{1});
  CHECK(lab.news.size() == 1);
}

TEST_CASE("what the log forgot before it was archived is a gap, which is told when it is read") {
  Lab lab;
  for (int i = 0; i < 3; ++i) lab.record();
  lab.archive_all();
  for (int i = 0; i < 3; ++i) lab.record();
  lab.store.trim(6);
  lab.archive_all();
  REQUIRE(lab.news.size() == 1);
  CHECK(lab.news[0].find("lacks the records 4 to 5") != std::string::npos);
  CHECK(lab.files().size() == 2);
  CHECK(lab.read() == Lsns{1, 2, 3});
  CHECK(lab.error == "the archive lacks the records 4 to 5");
}

TEST_CASE("an archive that was switched on late begins where the log does") {
  Lab lab;
  for (int i = 0; i < 3; ++i) lab.record();
  lab.store.trim(3);
  lab.archive_all();
  CHECK(lab.read().empty());
  CHECK(lab.error == "the archive lacks the records 1 to 2");
  CHECK(lab.files() == std::vector<std::string>{"log-00000000000000000003.tqlog"});
}

TEST_CASE("damage in the middle of the archive ends what can be read, with an error") {
  Lab lab;
  for (int i = 0; i < 4; ++i) {
    lab.record(100);
    lab.archive_all(100);
  }
  REQUIRE(lab.files().size() == 4);
  fs::resize_file(segment_path(lab.path, 2), 60);
  CHECK(lab.read() == Lsns{1});
  CHECK(lab.error == "the archive lacks the records 2 to 2");
}

TEST_CASE("a log that goes on otherwise than it was archived gets a segment of its own") {
  Lab lab;
  lab.record();
  lab.record();
  lab.archive_all(1);  // A segment a record.
  const Position parting = lab.history.position;
  lab.record(10, 1'111);
  lab.record(10, 1'111);
  lab.archive_all(1);
  // As after a restore: the log ends at record 2 and goes on from there.
  Lab other;
  other.path = lab.path;
  other.record();
  other.record();
  REQUIRE(other.history.position == parting);
  Archive archive = other.archive();
  CHECK_FALSE(archive.advance());
  CHECK(archive.synced_lsn() == 2);
  other.record(10, 2'222);
  CHECK_FALSE(archive.advance());
  CHECK(lab.read() == Lsns{1, 2, 3});
  CHECK(lab.error.empty());
  REQUIRE(other.news.size() == 2);
  CHECK(other.news[0].find("from record 3 on") != std::string::npos);
  CHECK(other.news[1].find("2 segments") != std::string::npos);
}

TEST_CASE("two histories part within a segment too") {
  Lab lab;
  for (int i = 0; i < 4; ++i) lab.record(10, i < 2 ? 1'000 : 1'111);
  lab.archive_all();
  Lab other;
  other.path = lab.path;
  for (int i = 0; i < 6; ++i) other.record();
  other.archive_all();
  CHECK(lab.read() == Lsns{1, 2, 3, 4, 5, 6});
  CHECK(lab.error.empty());
  CHECK(lab.files().size() == 2);
}

TEST_CASE("a folder that cannot be written is told once, and tried again") {
  Lab lab;
  lab.record();
  REQUIRE(write_file(lab.path, "a file stands in the way"));
  Archive archive = lab.archive();
  CHECK_FALSE(archive.advance());
  CHECK_FALSE(archive.advance());
  CHECK(archive.synced_lsn() == 0);
  REQUIRE(lab.troubles.size() == 1);
  CHECK(lab.troubles[0].find(lab.path) != std::string::npos);
  fs::remove(lab.path);
  CHECK_FALSE(archive.advance());
  CHECK(archive.synced_lsn() == 1);
  CHECK(lab.news == std::vector<std::string>{"the log is archived again"});
  // And in the middle of its life.
  fs::remove_all(lab.path);
  lab.archive_all();
}

TEST_CASE("a file of another format is not read as an archive") {
  Lab lab;
  fs::create_directories(lab.path);
  REQUIRE(write_file(segment_path(lab.path, 1), std::string("TQLOG\x09") + std::string(8, '\0')));
  CHECK(lab.read().empty());
  CHECK(lab.error.find("is of format 9, which is not known") != std::string::npos);
  Lab stranger;
  fs::create_directories(stranger.path);
  REQUIRE(write_file(segment_path(stranger.path, 1), "something else altogether"));
  CHECK(stranger.read().empty());
  CHECK(stranger.error.ends_with("is no part of an archive"));
}
