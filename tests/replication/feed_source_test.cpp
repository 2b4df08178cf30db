#include "replication/feed_source.hpp"

#include "store/memory_store.hpp"
#include "tests/replication/sample_log.hpp"
#include "tests/session/mutations.hpp"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;

namespace {

// A store with ten records and what is in them in its tables.
struct Lab {
  Lab() {
    log.begin_term({1, 1});
    std::vector<Mutation> many;
    for (std::uint32_t i = 1; i <= 50; ++i)
      many.emplace_back(opened(static_cast<SessionId>(i), "c" + std::to_string(i)));
    log.add(many);
    for (std::uint64_t id = 1; id <= 8; ++id) log.add({stored(id, "t"), queued(kAnn, id, id)});
    store.append(log.records);
    write_tables();
  }
  void write_tables() {
    store.write_tables(log.state.collect_changes(log.end()));
    store.sync();
    log.state.tables_written();
  }
  FeedAnswer::What read(std::variant<ReadLog, OpenImage, ReadImage, DropImage> what) {
    auto answer = source.read({7, std::move(what)});
    REQUIRE(answer.has_value());
    CHECK(answer->link == 7);
    return std::move(answer->what);
  }
  LogPiece read_log(Lsn from, std::uint64_t bytes_max) {
    return std::get<LogPiece>(read(ReadLog{from, bytes_max}));
  }
  ImageBegin open(std::uint64_t image, std::optional<ImageProgress> progress = std::nullopt) {
    return std::get<ImageBegin>(read(OpenImage{image, std::move(progress)}));
  }
  // Up to `pieces` of them; all if there are fewer.
  std::vector<ImageRows> pieces(std::size_t most) {
    std::vector<ImageRows> found;
    while (found.size() < most) {
      FeedAnswer::What answer = read(ReadImage{500});
      if (std::holds_alternative<ImageEnd>(answer)) break;
      found.push_back(std::get<ImageRows>(std::move(answer)));
    }
    return found;
  }

  SampleLog log;
  MemoryStore store;
  FeedSource source{store};
};

ImageProgress progress_of(std::uint64_t image, const std::vector<ImageRows>& pieces) {
  ImageProgress progress{image, pieces.back().table, pieces.back().rows.back().first, 0};
  for (const ImageRows& piece : pieces) progress.rows += piece.rows.size();
  return progress;
}

}  // namespace

TEST_CASE("a piece of the log begins where it was asked for and is about as large as asked") {
  Lab lab;
  const LogPiece all = lab.read_log(4, 1'000'000);
  CHECK(all.from == 4);
  CHECK(all.records == lab.log.bytes(4, 10));
  CHECK(lab.read_log(4, 1).records == lab.log.bytes(4, 4));
  const std::uint64_t two = lab.log.records[3].bytes.size() + 1;
  CHECK(lab.read_log(4, two).records == lab.log.bytes(4, 5));
  CHECK(lab.read_log(10, 1'000).records == lab.log.bytes(10, 10));
}

TEST_CASE("a piece has no records where the log holds none") {
  Lab lab;
  CHECK(lab.read_log(11, 1'000).records.empty());
  lab.store.trim(5);
  CHECK(lab.read_log(4, 1'000).records.empty());
  CHECK(lab.read_log(5, 1).records == lab.log.bytes(5, 5));
}

TEST_CASE("an image is the tables as they stood when it was opened") {
  Lab lab;
  const ImageBegin begin = lab.open(3);
  CHECK(begin.image == 3);
  CHECK(begin.at == lab.log.end());
  CHECK_FALSE(begin.resumed);
  lab.log.add({opened(static_cast<SessionId>(60), "late")});
  lab.write_tables();
  MemoryStore copy;
  ImageTarget target(copy, begin);
  for (const ImageRows& piece : lab.pieces(1'000)) CHECK(target.take(piece).has_value());
  const auto end = std::get<ImageEnd>(lab.read(ReadImage{500}));
  CHECK(target.finish(end).has_value());
  std::size_t sessions = 0;
  REQUIRE(copy.read_table(Table::sessions, [&](ByteView, ByteView) { return ++sessions > 0; })
              .has_value());
  CHECK(sessions == 50);
}

TEST_CASE("an image goes on behind what was taken of it") {
  Lab lab;
  const ImageBegin begin = lab.open(3);
  auto taken = lab.pieces(2);
  (void)lab.pieces(3);  // On their way when the link was lost.
  const ImageBegin again = lab.open(3, progress_of(3, taken));
  CHECK(again.resumed);
  CHECK(again.at == begin.at);
  MemoryStore copy;
  ImageTarget target(copy, begin);
  for (const ImageRows& piece : taken) REQUIRE(target.take(piece).has_value());
  for (const ImageRows& piece : lab.pieces(1'000)) CHECK(target.take(piece).has_value());
  CHECK(target.finish(std::get<ImageEnd>(lab.read(ReadImage{500}))).has_value());
}

TEST_CASE("an image begins anew when what was taken is not of it") {
  Lab lab;
  (void)lab.open(3);
  ImageProgress progress = progress_of(3, lab.pieces(2));
  SUBCASE("another number") {
    progress.image = 2;
  }
  SUBCASE("rows that it does not have there") {
    ++progress.rows;
  }
  SUBCASE("the snapshot was let go") {
    CHECK_FALSE(lab.source.read({7, DropImage{}}).has_value());
  }
  SUBCASE("another one was opened") {
    (void)lab.open(4);
  }
  const ImageBegin begin = lab.open(5, progress);
  CHECK(begin.image == 5);
  CHECK_FALSE(begin.resumed);
}

TEST_CASE("without an image there is nothing to read of it") {
  Lab lab;
  CHECK(std::holds_alternative<ReadFailed>(lab.read(ReadImage{500})));
  (void)lab.open(3);
  CHECK_FALSE(lab.source.read({7, DropImage{}}).has_value());
  CHECK(std::holds_alternative<ReadFailed>(lab.read(ReadImage{500})));
}

TEST_CASE("a store whose tables were never written has no image") {
  MemoryStore store;
  FeedSource source(store);
  const auto answer = source.read({7, OpenImage{1, {}}});
  REQUIRE(answer.has_value());
  CHECK_FALSE(std::get<ReadFailed>(answer->what).why.empty());
}
