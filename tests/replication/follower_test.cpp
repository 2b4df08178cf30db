#include "replication/follower.hpp"

#include "tests/replication/sample_log.hpp"
#include "tests/session/mutations.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;

namespace {

// The primary's log has a session (2), a message for it (3) and one that changes nothing (4); the
// standby has nothing.
struct Pair {
  Pair() {
    log.begin_term({1, 1});
    log.add({opened(kAnn, "ann")});
    log.add({stored(1, "t"), queued(kAnn, 1, 0)});
    log.add_idle();
    follower.begin({1, 1});
  }
  bool take(Lsn first, Lsn last, Lsn committed = 0) {
    return follower.take(log.frame(first, last, committed)).has_value();
  }
  // What a refused frame must leave as it was.
  void check_at(Lsn lsn) {
    CHECK(follower.end() == log.position(lsn));
    CHECK(follower.progress().received == lsn);
    CHECK(state.check().empty());
  }

  SampleLog log;
  State state;
  Follower follower{state, Position{}};
};

}  // namespace

TEST_CASE("records that follow are applied at once and given out to be appended") {
  Pair pair;
  CHECK(pair.take(1, 2));
  CHECK(pair.take(3, 4));
  CHECK(pair.state.digest() == pair.log.state.digest());
  CHECK(pair.state.terms() == pair.log.state.terms());
  CHECK(pair.follower.progress() == Durable{4, 0, 0});
  const auto records = pair.follower.take_records();
  REQUIRE(records.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(records[i].position == pair.log.records[i].position);
    CHECK(records[i].bytes == pair.log.records[i].bytes);
  }
  CHECK(pair.follower.take_records().empty());
  pair.check_at(4);
}

TEST_CASE("a follower that begins behind a log has all of it on its disk") {
  Pair pair;
  State state;
  const Follower follower(state, pair.log.position(3));
  CHECK(follower.progress() == Durable{3, 3, 3});
  CHECK(follower.settled() == 0);
  CHECK(follower.end() == pair.log.position(3));
}

TEST_CASE("a gap, and what has come already, is refused and changes nothing") {
  Pair pair;
  REQUIRE(pair.take(1, 2, 1));
  (void)pair.follower.take_records();
  SUBCASE("a gap") {
    CHECK_FALSE(pair.take(4, 4, 4));
  }
  SUBCASE("a record twice") {
    CHECK_FALSE(pair.take(2, 3, 4));
  }
  SUBCASE("a record under another number") {
    Records frame = pair.log.frame(4, 4, 4);
    frame.first = 3;
    CHECK_FALSE(pair.follower.take(std::move(frame)).has_value());
  }
  pair.check_at(2);
  CHECK(pair.follower.take_records().empty());
  pair.follower.local(2, 2);
  CHECK(pair.follower.settled() == 1);
}

TEST_CASE("a record of another chain is refused") {
  Pair pair;
  REQUIRE(pair.take(1, 2));
  SampleLog other;
  other.begin_term({1, 1});
  other.add({opened(kBob, "bob")});
  other.add_idle();
  const auto taken = pair.follower.take(other.frame(3, 3));
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().text.find("does not follow") != std::string::npos);
  pair.check_at(2);
}

TEST_CASE("a damaged record is refused, and those before it are taken") {
  Pair pair;
  Records frame = pair.log.frame(1, 3, 3);
  frame.records[2][30] = static_cast<char>(frame.records[2][30] ^ 1);
  CHECK_FALSE(pair.follower.take(std::move(frame)).has_value());
  pair.check_at(2);
  CHECK(pair.follower.take_records().size() == 2);
  pair.follower.local(2, 2);
  CHECK(pair.follower.settled() == 0);  // What that frame said is not believed.
  CHECK(pair.take(3, 3));               // The right one still fits.
  pair.check_at(3);
}

TEST_CASE("a record of a term that its sender does not lead in is refused") {
  Pair pair;
  pair.log.begin_term({2, 1});
  REQUIRE(pair.take(1, 4));
  SUBCASE("a newer one") {
    CHECK_FALSE(pair.take(5, 5));
    pair.check_at(4);
    pair.follower.begin({2, 1});
    CHECK(pair.take(5, 5));
    pair.check_at(5);
    CHECK(pair.state.terms().back() == TermBegin{{2, 1}, 5});
  }
  SUBCASE("of two of one number the greater one") {
    pair.follower.begin({2, 0});
    CHECK_FALSE(pair.take(5, 5));
    pair.check_at(4);
  }
}

TEST_CASE("a record of an older term behind a newer one is refused") {
  Pair pair;
  pair.follower.begin({3, 1});
  REQUIRE(pair.take(1, 4));
  pair.log.begin_term({3, 1});
  REQUIRE(pair.take(5, 5));
  RecordDraft draft;
  draft.add(RetainedCleared{"t"});
  const Record old = draft.seal(pair.log.end(), {1, 1}, Instant{1});
  CHECK_FALSE(pair.follower.take(Records{6, 0, false, {old.bytes}}).has_value());
  pair.check_at(5);
}

TEST_CASE("a record that does not fit the State is refused with a sentence that says why") {
  Pair pair;
  REQUIRE(pair.take(1, 4));
  RecordDraft draft;
  draft.add(Sent{kBob, 1});
  const Record record = draft.seal(pair.log.end(), {1, 1}, Instant{1});
  const auto taken = pair.follower.take(Records{5, 0, false, {record.bytes}});
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().text.find("record 5 does not fit") != std::string::npos);
  CHECK(taken.error().text.find("its session is missing") != std::string::npos);
  pair.check_at(4);
  CHECK(pair.follower.take_records().size() == 4);
}

TEST_CASE("a digest of this State at its end is the same, any other is told") {
  Pair pair;
  REQUIRE(pair.take(1, 4));
  const StateDigest right{4, 0, 10, pair.log.state.digest(0, 10)};
  CHECK(pair.follower.digest_like(right).value() == right);
  StateDigest wrong = right;
  SUBCASE("of another State") {
    ++wrong.digest;
  }
  SUBCASE("of another position") {
    wrong.lsn = 3;
  }
  SUBCASE("of other sessions") {
    wrong.first_session = 2;
  }
  const auto ours = pair.follower.digest_like(wrong);
  CHECK_FALSE((ours && *ours == wrong));
}

TEST_CASE("a State that was changed behind the log's back has another digest") {
  Pair pair;
  REQUIRE(pair.take(1, 4));
  const StateDigest right{4, 0, 10, pair.log.state.digest(0, 10)};
  pair.state.apply(IncomingTaken{kAnn, 9});
  CHECK(pair.follower.digest_like(right).value().digest != right.digest);
}

TEST_CASE("settled is what is committed and written here, and never falls") {
  Pair pair;
  REQUIRE(pair.take(1, 4, 2));
  CHECK(pair.follower.settled() == 0);
  pair.follower.local(1, 0);
  CHECK(pair.follower.settled() == 1);
  pair.follower.local(4, 1);
  CHECK(pair.follower.settled() == 2);
  pair.follower.take(Ping{4, false});
  CHECK(pair.follower.settled() == 4);
  pair.follower.take(Ping{3, true});
  pair.follower.local(2, 2);
  CHECK(pair.follower.settled() == 4);
  CHECK(pair.follower.progress() == Durable{4, 4, 2});
}

TEST_CASE("the frame says whether somebody waits for the disk") {
  Pair pair;
  CHECK_FALSE(pair.follower.wants_flush());
  Records frame = pair.log.frame(1, 1);
  frame.flush = true;
  REQUIRE(pair.follower.take(std::move(frame)).has_value());
  CHECK(pair.follower.wants_flush());
  REQUIRE(pair.take(2, 2));
  CHECK_FALSE(pair.follower.wants_flush());
}

TEST_CASE("a follower of a long random life has the primary's State at each record") {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    INFO("seed ", seed);
    SampleLog log;
    State state;
    Follower follower(state, Position{});
    follower.begin({1, 1});
    log.begin_term({1, 1});
    RandomSteps steps(seed, /*volatile_too=*/false);
    for (int i = 0; i < 100; ++i) {
      const auto mutations = steps.next(log.state);
      if (!mutations.empty()) log.add(mutations);
      const Lsn from = follower.end().lsn + 1;
      if (from > log.end().lsn) continue;
      REQUIRE(follower.take(log.frame(from, log.end().lsn)).has_value());
      const StateDigest theirs{log.end().lsn, 0, 100, log.state.digest(0, 100)};
      CHECK(follower.digest_like(theirs).value() == theirs);
    }
    CHECK(state.digest() == log.state.digest());
  }
}
