#include "store/memory_store.hpp"
#include "tests/session/mutations.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using tests::kAnn;
using tests::kBob;
using tests::opened;
using tests::queued;
using tests::RandomSteps;
using tests::stored;
using tests::will_of;

namespace {

// A State with its tables, written round by round.
class Books {
 public:
  State state;
  MemoryStore store;

  void apply(const std::vector<Mutation>& mutations) {
    for (const Mutation& mutation : mutations) state.apply(mutation);
  }

  // One round; afterwards the tables alone must give the same State.
  TableChanges round() {
    TableChanges changes = collect();
    write(changes);
    compare();
    return changes;
  }

  TableChanges collect() {
    ++lsn_;
    TableChanges changes = state.collect_changes({{1, 2}, lsn_, lsn_ * 7});
    CHECK(state.marks().rows() == 0);
    CHECK(state.marks().unwritten_bytes == 0);
    // A message that came and went between two rounds is nowhere among the changes.
    for (const TableKey& gone : changes.deletes) {
      const bool checked = gone.table == Table::messages || gone.table == Table::queue;
      if (checked && !has_row(gone.table, gone.key))
        FAIL_CHECK("deletes a row of ", std::string(name(gone.table)), " that is not there");
    }
    for (const MessageRef& body : changes.bodies) CHECK(state.holds(body->id));
    return changes;
  }

  void write(const TableChanges& changes) {
    store.write_tables(changes);
    store.sync();
    state.tables_written();
  }

  void restore(State& into) const {
    for (std::size_t i = 0; i < kTableCount; ++i) {
      const auto table = static_cast<Table>(i);
      const auto read = store.read_table(table, [&](ByteView key, ByteView value) {
        if (table == Table::meta) {
          const auto at = read_tables_at(key, value);
          REQUIRE(at.has_value());
          CHECK(at->position == Position{{1, 2}, lsn_, lsn_ * 7});
          into.restore(*at);
          return true;
        }
        const auto restored = into.restore(table, key, value);
        if (!restored) FAIL_CHECK(std::string(name(table)), ": ", restored.error().text);
        return true;
      });
      REQUIRE(read.has_value());
    }
    CHECK(into.finish_restore() == 0);
  }

  // The State holds nothing that is not in the tables.
  void compare() const {
    State again;
    restore(again);
    CHECK(again.digest() == state.digest());
    CHECK(again.check().empty());
    CHECK(again.marks().rows() == 0);
    CHECK(again.next_message_id() == state.next_message_id());
    state.for_each_session([&](const Session& session) {
      const Session* same = again.session(session.id);
      REQUIRE((same != nullptr) == session.durable);
      if (same != nullptr)
        CHECK(same->outgoing.next_sequence() == session.outgoing.next_sequence());
    });
  }

  [[nodiscard]] bool has_row(Table table, const std::string& key) const {
    return !store.get(table, {&key, 1})[0].empty();
  }
  [[nodiscard]] std::size_t rows(Table table) const {
    std::size_t count = 0;
    REQUIRE(store.read_table(table, [&](ByteView, ByteView) { return ++count > 0; }).has_value());
    return count;
  }

 private:
  Lsn lsn_ = 0;
};

std::size_t puts(const TableChanges& changes, Table table) {
  return static_cast<std::size_t>(
      std::count_if(changes.puts.begin(), changes.puts.end(),
                    [&](const TableRow& row) { return row.table == table; }));
}

std::size_t deletes(const TableChanges& changes, Table table) {
  return static_cast<std::size_t>(
      std::count_if(changes.deletes.begin(), changes.deletes.end(),
                    [&](const TableKey& key) { return key.table == table; }));
}

// Messages `first` to `last`, queued for the session in their order.
std::vector<Mutation> queue_of(SessionId session, std::uint64_t first, std::uint64_t last,
                               std::uint64_t sequence = 0) {
  std::vector<Mutation> mutations;
  for (std::uint64_t id = first; id <= last; ++id) {
    mutations.emplace_back(stored(id, "t", "payload"));
    mutations.emplace_back(queued(session, id, sequence++));
  }
  return mutations;
}

}  // namespace

TEST_CASE("of each kind of thing a row leads back to it") {
  Books books;
  books.apply({opened(kAnn, "ann"), opened(kBob, "bob"), Subscribed{kAnn, "t/#", 1, 7},
               Subscribed{kBob, "$share/g/t", 2, 0}, stored(1, "t"), queued(kAnn, 1, 0, 9),
               queued(kBob, 1, 0), RetainedSet{MessageId{1}}, IncomingTaken{kAnn, 4},
               SessionSuspended{kBob, 60, Instant{9}}, will_of("ann")});
  const TableChanges changes = books.round();
  CHECK(changes.deletes.empty());
  CHECK(puts(changes, Table::meta) == 1);
  CHECK(puts(changes, Table::sessions) == 2);
  CHECK(puts(changes, Table::subscriptions) == 2);
  CHECK(puts(changes, Table::queue) == 2);
  CHECK(puts(changes, Table::retained) == 1);
  CHECK(puts(changes, Table::wills) == 1);
  CHECK(changes.bodies.size() == 1);
}

TEST_CASE("a round without changes says where it stands and nothing else") {
  Books books;
  books.apply({opened(kAnn, "ann"), stored(1, "t"), queued(kAnn, 1, 0)});
  books.round();
  const TableChanges changes = books.round();
  CHECK(changes.puts.size() == 1);
  CHECK(changes.puts[0].table == Table::meta);
  CHECK(changes.deletes.empty());
  CHECK(changes.bodies.empty());
}

TEST_CASE("a message that is stored and acknowledged between two rounds costs no row") {
  Books books;
  books.apply({opened(kAnn, "ann")});
  books.round();
  books.apply({stored(1, "t"), queued(kAnn, 1, 0, 1), Released{kAnn, 1}, Acknowledged{kAnn, 1},
               IncomingTaken{kAnn, 3}, IncomingReleased{kAnn, 3}});
  CHECK(books.state.marks().rows() == 0);
  const TableChanges changes = books.round();
  CHECK(changes.puts.size() == 1);
  CHECK(changes.deletes.empty());
  CHECK(changes.bodies.empty());
}

TEST_CASE("a delivery's row follows it: sent, released, gone, also from the middle") {
  Books books;
  books.apply({opened(kAnn, "ann")});
  books.apply(queue_of(kAnn, 1, 6));
  books.round();
  books.apply({Sent{kAnn, 11}, Sent{kAnn, 12}});
  CHECK(puts(books.round(), Table::queue) == 2);
  books.apply({Released{kAnn, 11}});
  TableChanges changes = books.round();
  CHECK(puts(changes, Table::queue) == 1);
  CHECK(deletes(changes, Table::messages) == 1);
  books.apply({Discarded{kAnn, 3}, stored(7, "t"), queued(kAnn, 7, 6), Acknowledged{kAnn, 12}});
  changes = books.round();
  CHECK(puts(changes, Table::queue) == 1);
  CHECK(deletes(changes, Table::queue) == 2);
  CHECK(deletes(changes, Table::messages) == 2);
  books.apply({Acknowledged{kAnn, 11}, Sent{kAnn, 13}, Acknowledged{kAnn, 13}});
  changes = books.round();
  CHECK(puts(changes, Table::queue) == 0);
  CHECK(books.rows(Table::queue) == 3);
}

TEST_CASE("QoS 0 that waited leaves with being sent") {
  Books books;
  Queued waits = queued(kAnn, 1, 0);
  waits.qos = mqtt::QoS::at_most_once;
  books.apply({opened(kAnn, "ann"), stored(1, "t"), waits});
  books.round();
  books.apply({Sent{kAnn, 0}});
  books.round();
  CHECK(books.rows(Table::queue) == 0);
  CHECK(books.rows(Table::messages) == 0);
}

TEST_CASE("an id that changes its owner within a round leaves nothing of the one before") {
  Books books;
  books.apply({opened(kAnn, "ann"), Subscribed{kAnn, "both", 1, 0}, Subscribed{kAnn, "old", 1, 0}});
  books.apply(queue_of(kAnn, 1, 3));
  books.round();
  SUBCASE("durable, with the same filter and the same sequences") {
    books.apply({SessionEnded{kAnn}, opened(kAnn, "bob"), Subscribed{kAnn, "both", 2, 0}});
    books.apply(queue_of(kAnn, 4, 5));
    books.round();
    CHECK(books.rows(Table::queue) == 2);
    CHECK(books.rows(Table::subscriptions) == 1);
  }
  SUBCASE("one that ends with its connection") {
    books.apply({SessionEnded{kAnn}, opened(kAnn, "bob", false), Subscribed{kAnn, "both", 2, 0}});
    books.round();
    CHECK(books.rows(Table::sessions) == 0);
    CHECK(books.rows(Table::subscriptions) == 0);
  }
  SUBCASE("both, one after the other") {
    books.apply({SessionEnded{kAnn}, opened(kAnn, "v", false), Subscribed{kAnn, "both", 2, 0},
                 SessionEnded{kAnn}, opened(kAnn, "ann"), Subscribed{kAnn, "new", 2, 0}});
    books.round();
    CHECK(books.rows(Table::sessions) == 1);
    CHECK(books.rows(Table::subscriptions) == 1);
  }
  SUBCASE("durable ones that never had a row") {
    books.apply({SessionEnded{kAnn}, opened(kAnn, "x"), Subscribed{kAnn, "both", 2, 0},
                 SessionEnded{kAnn}});
    books.round();
    CHECK(books.rows(Table::sessions) == 0);
    CHECK(books.rows(Table::subscriptions) == 0);
  }
}

TEST_CASE("a large queue leaves by one range, which spares its neighbours and its successor") {
  Books books;
  const auto next = static_cast<SessionId>(3);
  books.apply({opened(kAnn, "ann"), opened(kBob, "bob"), opened(next, "next")});
  books.apply(queue_of(kAnn, 1, 1));
  books.apply(queue_of(kBob, 2, 301));
  books.apply(queue_of(next, 302, 302));
  books.round();
  books.apply({SessionEnded{kBob}});
  SUBCASE("nobody comes") {}
  SUBCASE("a durable session takes its id") {
    books.apply({opened(kBob, "new")});
    books.apply(queue_of(kBob, 303, 305));
  }
  SUBCASE("another one takes its id") {
    books.apply({opened(kBob, "new", false)});
  }
  const TableChanges changes = books.round();
  CHECK(changes.ranges.size() == 1);
  CHECK(deletes(changes, Table::queue) == 0);
  CHECK(deletes(changes, Table::messages) == 300);
}

TEST_CASE("a large queue that was never written leaves without a word") {
  Books books;
  books.apply({opened(kAnn, "ann")});
  books.apply(queue_of(kAnn, 1, 300));
  books.apply({SessionEnded{kAnn}});
  const TableChanges changes = books.round();
  CHECK(changes.ranges.empty());
  CHECK(changes.puts.size() == 1);
}

TEST_CASE("retained messages and wills are replaced and cleared in the tables too") {
  Books books;
  books.apply({stored(1, "t"), RetainedSet{MessageId{1}}, stored(2, "u"), RetainedSet{MessageId{2}},
               will_of("ann"), will_of("bob")});
  books.round();
  books.apply({stored(3, "t"), RetainedSet{MessageId{3}}, RetainedCleared{"u"},
               WillScheduled{"ann", Instant{77}}, WillCleared{"bob"}, WillCleared{"nobody"}});
  const TableChanges changes = books.round();
  CHECK(deletes(changes, Table::messages) == 2);
  CHECK(books.rows(Table::retained) == 1);
  CHECK(books.rows(Table::messages) == 1);
  CHECK(books.rows(Table::wills) == 1);
}

TEST_CASE("what happens while a round is under way belongs to the next one") {
  Books books;
  books.apply({opened(kAnn, "ann")});
  books.apply(queue_of(kAnn, 1, 3));
  const TableChanges changes = books.collect();
  books.apply({Sent{kAnn, 1}, Acknowledged{kAnn, 1}, stored(4, "t"), queued(kAnn, 4, 3)});
  books.write(changes);
  CHECK(books.rows(Table::queue) == 3);
  const TableChanges next = books.round();
  CHECK(deletes(next, Table::queue) == 1);
  CHECK(deletes(next, Table::messages) == 1);
  CHECK(books.rows(Table::queue) == 3);
}

TEST_CASE("a State that was restored goes on like the one that was not") {
  Books books;
  books.apply({opened(kAnn, "ann"), Subscribed{kAnn, "t", 1, 0}});
  books.apply(queue_of(kAnn, 1, 4));
  books.apply({Sent{kAnn, 1}, stored(5, "r"), RetainedSet{MessageId{5}}});
  books.round();
  State again;
  books.restore(again);
  const std::vector<Mutation> later = {Released{kAnn, 1},         Discarded{kAnn, 2},
                                       Unsubscribed{kAnn, "t"},   stored(6, "r"),
                                       RetainedSet{MessageId{6}}, queued(kAnn, 6, 4)};
  books.apply(later);
  for (const Mutation& mutation : later) again.apply(mutation);
  CHECK(again.digest() == books.state.digest());
  const Position at{{1, 1}, 9, 9};
  const TableChanges one = books.state.collect_changes(at);
  const TableChanges other = again.collect_changes(at);
  CHECK(one.puts.size() == other.puts.size());
  CHECK(one.deletes.size() == other.deletes.size());
  CHECK(one.bodies.size() == other.bodies.size());
}

TEST_CASE("the terms that a State has seen survive in the tables") {
  Books books;
  books.apply({TermStart{{1, 9}, 1}, opened(kAnn, "ann"), TermStart{{4, 2}, 300}});
  books.round();
  State again;
  books.restore(again);
  CHECK(again.terms() == TermHistory{{{1, 9}, 1}, {{4, 2}, 300}});
  again.apply(TermStart{{5, 1}, 301});
  CHECK(again.terms().back().first == 301);
  CHECK(again.digest() != books.state.digest());
}

TEST_CASE("mark_all writes the whole State into tables that are empty") {
  Books books;
  RandomSteps steps(5);
  for (int i = 0; i < 400; ++i) {
    books.apply(steps.next(books.state));
    if (i % 100 == 99) books.round();
  }
  Books fresh;
  fresh.state = std::move(books.state);
  fresh.state.mark_all();
  fresh.round();
}

TEST_CASE("where marks were forgotten the whole State can still be written") {
  Books books;
  RandomSteps steps(6);
  for (int i = 0; i < 400; ++i) {
    books.apply(steps.next(books.state));
    if (steps.luck().once_in(20)) books.state.forget_marks();
  }
  CHECK(books.state.marks().rows() > 0);
  books.state.forget_marks();
  CHECK(books.state.marks().noted() == 0);
  books.state.mark_all();
  books.round();
}

TEST_CASE("messages that nobody waits for are dropped at the end of a restore, and then for good") {
  Books books;
  books.apply({opened(kAnn, "ann"), stored(1, "t"), queued(kAnn, 1, 0)});
  books.round();
  State again;
  const auto read = books.store.read_table(Table::messages, [&](ByteView key, ByteView value) {
    return again.restore(Table::messages, key, value).has_value();
  });
  REQUIRE(read.has_value());
  CHECK_FALSE(again.check().empty());
  CHECK(again.finish_restore() == 1);
  CHECK(again.check().empty());
  CHECK(again.message_count() == 0);
  CHECK(again.body_bytes() == 0);
  CHECK(deletes(again.collect_changes({}), Table::messages) == 1);
}

TEST_CASE("a row that does not fit is refused and changes nothing") {
  Books books;
  books.apply({opened(kAnn, "ann"), Subscribed{kAnn, "t", 1, 0}, stored(1, "t"),
               queued(kAnn, 1, 0, 1), queued(kAnn, 1, 1), RetainedSet{MessageId{1}},
               will_of("ann")});
  books.round();
  State empty;
  for (const Table table : {Table::subscriptions, Table::queue, Table::retained}) {
    const auto read = books.store.read_table(table, [&](ByteView key, ByteView value) {
      CHECK_FALSE(empty.restore(table, key, value).has_value());
      return true;
    });
    REQUIRE(read.has_value());
  }
  CHECK(empty.check().empty());
  State whole;
  books.restore(whole);
  const std::uint64_t before = whole.digest();
  for (const Table table : {Table::sessions, Table::messages, Table::queue}) {
    const auto twice = books.store.read_table(table, [&](ByteView key, ByteView value) {
      CHECK_FALSE(whole.restore(table, key, value).has_value());
      std::string damaged(value);
      damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
      CHECK_FALSE(State{}.restore(table, key, damaged).has_value());
      return true;
    });
    REQUIRE(twice.has_value());
  }
  CHECK(whole.digest() == before);
  CHECK(whole.check().empty());
}

TEST_CASE("whatever happens between the rounds, the tables lead back to the State") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    INFO("seed ", seed);
    Books books;
    RandomSteps steps(seed);
    for (int i = 0; i < 400; ++i) {
      books.apply(steps.next(books.state));
      if (steps.luck().once_in(100)) {
        const std::uint64_t id = number(books.state.next_message_id());
        const Session* someone = books.state.find_session("c1");
        if (someone != nullptr && someone->durable)
          books.apply(queue_of(someone->id, id, id + 260, someone->outgoing.next_sequence()));
      }
      if (steps.luck().once_in(4)) books.state.keep_bodies_within(steps.luck().below(3'000));
      if (!steps.luck().once_in(25)) continue;
      const TableChanges changes = books.collect();
      for (std::uint32_t n = steps.luck().below(3); n > 0; --n)
        books.apply(steps.next(books.state));
      books.write(changes);
      const auto broken = books.state.check();
      CHECK_MESSAGE(broken.empty(), (broken.empty() ? "" : broken[0]));
    }
    books.round();
  }
}
