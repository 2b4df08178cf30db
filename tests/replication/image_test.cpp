#include "replication/image.hpp"

#include "recovery/recover.hpp"
#include "store/memory_store.hpp"
#include "tests/session/mutations.hpp"
#include "tests/store/samples.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using tests::table_of;

constexpr std::uint64_t kImage = 77;

// A store whose tables hold a life of sessions, messages, retained messages and wills.
struct Original {
  MemoryStore store;
  State state;
  Position at{{3, 9}, 4'711, 0xABCD};

  Original() {
    tests::RandomSteps steps(5, /*volatile_too=*/false);
    for (int i = 0; i < 3'000; ++i)
      for (const Mutation& mutation : steps.next(state)) state.apply(mutation);
    store.write_tables(state.collect_changes(at));
    store.sync();
    state.tables_written();
    for (std::size_t i = 0; i < kTableCount; ++i)
      REQUIRE_FALSE(table_of(store, static_cast<Table>(i)).empty());
  }

  [[nodiscard]] ImageSource source() const {
    auto source = ImageSource::open(kImage, store.snapshot());
    REQUIRE(source.has_value());
    return std::move(*source);
  }
};

std::optional<ImageRows> next(ImageSource& source, std::uint64_t bytes_max) {
  auto piece = source.next(bytes_max);
  REQUIRE(piece.has_value());
  return std::move(*piece);
}

std::vector<ImageRows> all_pieces(ImageSource& source, std::uint64_t bytes_max) {
  std::vector<ImageRows> pieces;
  while (auto piece = next(source, bytes_max)) pieces.push_back(std::move(*piece));
  return pieces;
}

std::uint64_t rows_of(const std::vector<ImageRows>& pieces) {
  std::uint64_t rows = 0;
  for (const ImageRows& piece : pieces) rows += piece.rows.size();
  return rows;
}

std::string error_of(const Result<void>& result) {
  return result ? std::string() : result.error().text;
}

void check_same_tables(const Store& target, const Store& original) {
  for (std::size_t i = 0; i < kTableCount; ++i) {
    CAPTURE(i);
    CHECK(table_of(target, static_cast<Table>(i)) == table_of(original, static_cast<Table>(i)));
  }
}

void check_recovers(const Store& target, const State& expected, Lsn end) {
  State state;
  const Recovery recovery = recover(target, state, {});
  CHECK(recovery.damage.empty());
  CHECK(recovery.broken.empty());
  CHECK(recovery.position.lsn == end);
  CHECK(state.digest() == expected.digest());
}

}  // namespace

TEST_CASE("the tables that an image brings are the tables it was made of, in pieces of any size") {
  const Original original;
  for (const std::uint64_t bytes_max : {1ULL, 100ULL, 1'000ULL, 65'536ULL, 1ULL << 40U}) {
    CAPTURE(bytes_max);
    ImageSource source = original.source();
    CHECK(source.at() == original.at);
    CHECK_FALSE(source.begin().resumed);
    CHECK(source.begin().at == original.at);
    CHECK(source.begin().rows > 100);
    MemoryStore store;
    ImageTarget target(store, source.begin());
    const std::vector<ImageRows> pieces = all_pieces(source, bytes_max);
    for (const ImageRows& piece : pieces) CHECK(error_of(target.take(piece)).empty());
    CHECK(source.end().rows == rows_of(pieces));
    CHECK(table_of(store, Table::meta).empty());  // It is not whole yet.
    CHECK(error_of(target.finish(source.end())).empty());
    CHECK(store.unsynced() == 0);
    check_same_tables(store, original.store);
    check_recovers(store, original.state, original.at.lsn);
  }
}

TEST_CASE("a piece holds rows of one table, at least one and not many more bytes than asked for") {
  const Original original;
  ImageSource one_each = original.source();
  for (const ImageRows& piece : all_pieces(one_each, 1)) CHECK(piece.rows.size() == 1);
  ImageSource source = original.source();
  for (const ImageRows& piece : all_pieces(source, 1'000)) {
    std::uint64_t bytes = 0;
    for (const auto& [key, value] : piece.rows) bytes += key.size() + value.size();
    CHECK(bytes - piece.rows.back().first.size() - piece.rows.back().second.size() < 1'000);
  }
  CHECK_FALSE(next(source, 1).has_value());  // And nothing behind the end.
}

TEST_CASE("an image of its moment and the log behind it lead to the State of the primary") {
  Original primary;
  ImageSource source = primary.source();
  Position end = primary.at;
  std::vector<Record> records;
  for (const char* client : {"late", "later"}) {
    RecordDraft draft;
    const Mutation opened = tests::opened(primary.state.free_session_id(), client);
    primary.state.apply(opened);
    draft.add(opened);
    records.push_back(draft.seal(end, end.term, Instant{1'000}));
    end = records.back().position;
    primary.store.write_tables(primary.state.collect_changes(end));
    primary.state.tables_written();
  }
  MemoryStore standby;
  ImageTarget target(standby, source.begin());
  for (const ImageRows& piece : all_pieces(source, 2'000))
    CHECK(error_of(target.take(piece)).empty());
  CHECK(error_of(target.finish(source.end())).empty());
  standby.append(records);
  check_recovers(standby, primary.state, end.lsn);
}

TEST_CASE("after any piece another target over the same store goes on where the last one was") {
  const Original original;
  ImageSource whole = original.source();
  const std::size_t count = all_pieces(whole, 2'000).size();
  REQUIRE(count > 10);
  for (std::size_t taken = 0; taken <= count; ++taken) {
    CAPTURE(taken);
    ImageSource source = original.source();
    MemoryStore store;
    ImageTarget first(store, source.begin());
    for (std::size_t i = 0; i < taken; ++i)
      CHECK(error_of(first.take(*next(source, 2'000))).empty());
    if (taken < count) next(source, 2'000);  // Sent, and lost with the link.
    REQUIRE(source.resume(first.progress()));
    CHECK(source.begin().resumed);
    ImageTarget second(store, source.begin());
    CHECK(second.progress() == first.progress());
    for (const ImageRows& piece : all_pieces(source, 700))
      CHECK(error_of(second.take(piece)).empty());
    CHECK(source.end().rows == whole.end().rows);
    CHECK(source.end().checksum == whole.end().checksum);
    CHECK(error_of(second.finish(source.end())).empty());
    check_same_tables(store, original.store);
  }
}

TEST_CASE("the same target goes on too, also when it had the last row already") {
  const Original original;
  ImageSource source = original.source();
  MemoryStore store;
  ImageTarget target(store, source.begin());
  for (const ImageRows& piece : all_pieces(source, 5'000))
    CHECK(error_of(target.take(piece)).empty());
  REQUIRE(source.resume(target.progress()));
  const std::vector<ImageRows> again = all_pieces(source, 5'000);
  REQUIRE(again.size() == 1);
  CHECK(again[0].table == Table::meta);
  CHECK(error_of(target.take(again[0])).empty());
  CHECK(error_of(target.finish(source.end())).empty());
  check_same_tables(store, original.store);
}

TEST_CASE("a source does not go on behind what it has not sent") {
  const Original original;
  ImageSource source = original.source();
  MemoryStore store;
  ImageTarget target(store, source.begin());
  const ImageProgress nothing = target.progress();
  CHECK(error_of(target.take(*next(source, 500))).empty());
  ImageProgress progress = target.progress();
  progress.image = kImage + 1;
  CHECK_FALSE(source.resume(progress));
  progress = target.progress();
  progress.last_key += 'x';
  CHECK_FALSE(source.resume(progress));
  progress = target.progress();
  ++progress.rows;
  CHECK_FALSE(source.resume(progress));
  progress = target.progress();
  progress.table = Table::wills;
  CHECK_FALSE(source.resume(progress));
  CHECK_FALSE(source.begin().resumed);
  ImageSource fresh = original.source();
  CHECK_FALSE(fresh.resume(target.progress()));  // It has not sent that much.
  CHECK(fresh.resume(nothing));
  CHECK(source.resume(target.progress()));
}

TEST_CASE("rows that are out of order are refused, and nothing of them is written") {
  const Original original;
  ImageSource source = original.source();
  MemoryStore store;
  ImageTarget target(store, source.begin());
  std::vector<ImageRows> pieces = all_pieces(source, 200);
  CHECK(error_of(target.take(pieces[0])).empty());
  const ImageProgress before = target.progress();
  CHECK(error_of(target.take(pieces[0])) ==
        "the image cannot be taken: rows of table sessions out of order");
  ImageRows swapped = pieces[1];
  REQUIRE(swapped.rows.size() > 1);
  std::swap(swapped.rows[0], swapped.rows[1]);
  CHECK(error_of(target.take(swapped)).ends_with("out of order"));
  ImageRows twice = pieces[1];
  twice.rows.push_back(twice.rows.back());
  CHECK(error_of(target.take(twice)).ends_with("out of order"));
  CHECK(error_of(target.take({Table::sessions, {}})).ends_with("a piece has no rows"));
  CHECK(error_of(target.take({Table::count, pieces[1].rows})).ends_with("tables are not in order"));
  CHECK(target.progress() == before);
  CHECK(rows_of({pieces[0]}) == table_of(store, Table::sessions).size());
  const auto later = std::find_if(pieces.begin(), pieces.end(), [](const ImageRows& piece) {
    return piece.table == Table::messages;
  });
  CHECK(error_of(target.take(*later)).empty());
  CHECK(error_of(target.take(pieces[1])).ends_with("tables are not in order"));
  CHECK(error_of(target.take(pieces.back())).empty());  // The row of meta.
  CHECK(error_of(target.take(*later)).ends_with("rows follow the last one"));
}

TEST_CASE("an image that lacks a piece, or its end, is not whole") {
  const Original original;
  ImageSource source = original.source();
  const std::vector<ImageRows> pieces = all_pieces(source, 20'000);
  for (std::size_t missing = 0; missing < pieces.size(); ++missing) {
    CAPTURE(missing);
    MemoryStore store;
    ImageTarget target(store, source.begin());
    for (std::size_t i = 0; i < pieces.size(); ++i)
      if (i != missing) CHECK(error_of(target.take(pieces[i])).empty());
    CHECK(error_of(target.finish(source.end())).starts_with("the image is not whole: of "));
    CHECK(table_of(store, Table::meta).empty());
  }
  MemoryStore store;
  ImageTarget empty(store, source.begin());
  CHECK(error_of(empty.finish(source.end())).ends_with(" rows 0 have come, not the last one"));
}

TEST_CASE("an altered row is refused, and a row that was made up is found at the end") {
  const Original original;
  ImageSource source = original.source();
  std::vector<ImageRows> pieces = all_pieces(source, 20'000);
  MemoryStore store;
  ImageTarget target(store, source.begin());
  ImageRows damaged = pieces[0];
  damaged.rows[0].second[3] = static_cast<char>(damaged.rows[0].second[3] ^ 1);
  CHECK(error_of(target.take(damaged)) ==
        "the image cannot be taken: a row of table sessions: checksum does not match");
  CHECK(target.progress().rows == 0);
  auto& [key, value] = pieces[1].rows.front();
  value = seal_row(pieces[1].table, key, "something else");
  for (const ImageRows& piece : pieces) CHECK(error_of(target.take(piece)).empty());
  CHECK(error_of(target.finish(source.end())) ==
        "the image is not the one that was sent: its checksum differs");
  CHECK(table_of(store, Table::meta).empty());
}

TEST_CASE("the last row has to say the position that the image began with") {
  const Original original;
  ImageSource source = original.source();
  ImageBegin begin = source.begin();
  ++begin.at.lsn;
  MemoryStore store;
  ImageTarget target(store, begin);
  const std::vector<ImageRows> pieces = all_pieces(source, 20'000);
  CHECK(error_of(target.take(pieces.back())).ends_with("its last row is not that of its position"));
  ImageTarget other(store, source.begin());
  ImageRows two = pieces.back();
  two.rows.emplace_back("stateless", seal_row(Table::meta, "stateless", "x"));
  CHECK(error_of(other.take(two)).ends_with("its last row is not that of its position"));
}

TEST_CASE("there is no image of a store without tables, nor of damaged ones") {
  MemoryStore store;
  const auto empty = ImageSource::open(kImage, store.snapshot());
  REQUIRE_FALSE(empty.has_value());
  CHECK(empty.error().text == "there is no image of a store whose tables were never written");
  store.write_tables(tests::put(Table::meta, "state", "nonsense"));
  const auto damaged = ImageSource::open(kImage, store.snapshot());
  REQUIRE_FALSE(damaged.has_value());
  CHECK(damaged.error().text == "the row of meta cannot be read: checksum does not match");
}

TEST_CASE("an image of a broker that holds nothing has one row") {
  MemoryStore store;
  State state;
  store.write_tables(state.collect_changes({{1, 1}, 1, 1}));
  auto source = ImageSource::open(kImage, store.snapshot());
  REQUIRE(source.has_value());
  MemoryStore copy;
  ImageTarget target(copy, source->begin());
  const std::vector<ImageRows> pieces = all_pieces(*source, 1);
  REQUIRE(pieces.size() == 1);
  CHECK(error_of(target.take(pieces[0])).empty());
  CHECK(error_of(target.finish(source->end())).empty());
  check_recovers(copy, state, 1);
}

}  // namespace tandemq
