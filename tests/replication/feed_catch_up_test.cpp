#include "tests/replication/feed_lab.hpp"
#include "tests/session/mutations.hpp"

#include <numeric>
#include <string>
#include <variant>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;
using Phase = Feed::Phase;

namespace {

constexpr std::size_t kMegabyte = 1U << 20U;

std::uint64_t bytes_of(const std::vector<Records>& frames) {
  std::uint64_t bytes = 0;
  for (const Records& frame : frames)
    for (const std::string& record : frame.records) bytes += record.size();
  return bytes;
}

// The records that were sent are those behind `last`, without a gap; moves `last`.
void check_follow(const FeedLab& lab, const std::vector<Records>& frames, Lsn& last) {
  for (const Records& frame : frames) {
    CHECK(frame.first == last + 1);
    last += frame.records.size();
    CHECK(frame.records == lab.log.bytes(frame.first, last));
  }
}

}  // namespace

TEST_CASE("at most about 8 MB are sent and not received, the rest waits") {
  FeedLab lab;
  lab.connect();
  lab.frames();
  for (int i = 0; i < 20; ++i) lab.append(kMegabyte);
  Lsn last = 4;
  const auto first = lab.frames<Records>();
  check_follow(lab, first, last);
  CHECK(bytes_of(first) >= 8 * kMegabyte);
  CHECK(bytes_of(first) < 10 * kMegabyte);
  CHECK(lab.feed.status(lab.now).lag_bytes > 20 * kMegabyte);
  CHECK(lab.feed.status(lab.now).lag_records == 20);
  SUBCASE("what was received makes room for as much") {
    lab.acknowledge(last - 3, 4, 4);
    const auto next = lab.frames<Records>();
    CHECK(bytes_of(next) > 4 * kMegabyte);
    CHECK(bytes_of(next) < 6 * kMegabyte);
    check_follow(lab, next, last);
  }
  SUBCASE("all of it comes in the end, once and in order") {
    while (last < lab.log.end().lsn) {
      lab.acknowledge(last);
      const auto next = lab.frames<Records>();
      REQUIRE_FALSE(next.empty());
      check_follow(lab, next, last);
    }
    lab.acknowledge(last);
    CHECK(lab.frames<Records>().empty());
    CHECK(lab.feed.status(lab.now).phase == Phase::streaming);
  }
}

TEST_CASE("small records go together, about a megabyte a frame") {
  FeedLab lab;
  for (int i = 0; i < 300; ++i) lab.append(10'000);
  lab.connect(lab.hello(3));
  const auto frames = lab.frames<Records>();
  CHECK(frames.size() == 3);
  Lsn last = 3;
  check_follow(lab, frames, last);
  CHECK(last == lab.log.end().lsn);
}

TEST_CASE("records say how far the log is committed, and whether the disk is waited for") {
  FeedLab lab(feed_config(ReplicationMode::flushed));
  lab.connect();
  lab.append();
  lab.append();
  const auto frames = lab.frames<Records>();
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].committed == 4);
  CHECK(frames[1].committed == 5);
  CHECK(frames[0].flush);
  FeedLab other;
  other.connect();
  other.append();
  const auto written = other.frames<Records>();
  REQUIRE(written.size() == 1);
  CHECK_FALSE(written[0].flush);
}

TEST_CASE("records that have left the memory are read from the log, a piece at a time") {
  FeedLab lab;
  for (int i = 0; i < 40; ++i) lab.append(kMegabyte);  // More than is kept in memory.
  lab.connect(lab.hello(4));
  (void)lab.request();
  lab.answer_log(5, 5);
  CHECK(lab.welcome().lsn == 5);
  CHECK(lab.feed.status(lab.now).phase == Phase::catching_up);
  CHECK(std::get<ReadLog>(lab.request().what).from == 5);
  Lsn last = 4;
  SUBCASE("until memory holds the next one") {
    int pieces = 0;
    Lsn from = 5;
    while (lab.feed.status(lab.now).phase == Phase::catching_up) {
      REQUIRE(++pieces < 40);
      lab.answer_log(from, from);
      check_follow(lab, lab.frames<Records>(), last);
      lab.acknowledge(last);
      check_follow(lab, lab.frames<Records>(), last);
      const auto requests = lab.feed.take_requests();
      if (requests.empty()) continue;
      REQUIRE(requests.size() == 1);
      from = std::get<ReadLog>(requests[0].what).from;
      CHECK(from == last + 1);
    }
    CHECK(pieces > 5);
    CHECK(pieces < 15);
    while (last < lab.log.end().lsn) {
      lab.acknowledge(last);
      check_follow(lab, lab.frames<Records>(), last);
    }
    CHECK(last == 44);
  }
  SUBCASE("and no more than the window takes") {
    for (Lsn lsn = 5; lsn < 13; ++lsn) {
      lab.answer_log(lsn, lsn);
      if (lsn < 12) (void)lab.request();
    }
    check_follow(lab, lab.frames<Records>(), last);
    CHECK(last == 12);
    CHECK(lab.feed.take_requests().empty());
    lab.acknowledge(5);
    CHECK(std::get<ReadLog>(lab.request().what).from == 13);
  }
  SUBCASE("a piece that has come already is not sent twice") {
    lab.answer_log(5, 7);
    check_follow(lab, lab.frames<Records>(), last);
    (void)lab.request();
    lab.answer_log(5, 7);
    CHECK(lab.frames<Records>().empty());
    CHECK(std::get<ReadLog>(lab.request().what).from == 8);
  }
  SUBCASE("if they are gone meanwhile, the link ends") {
    lab.answer(LogPiece{5, {}});
    CHECK(lab.feed.take_hang_up().has_value());
    CHECK(lab.feed.status(lab.now).phase == Phase::absent);
  }
  SUBCASE("if they cannot be read, the link ends and somebody is told") {
    lab.answer(ReadFailed{"a bad block"});
    CHECK(lab.feed.take_hang_up().has_value());
    REQUIRE(lab.feed.take_alarms().size() == 1);
  }
}

TEST_CASE("answers to the question of an earlier link are ignored") {
  FeedLab lab;
  lab.connect(lab.hello(1));
  (void)lab.request();
  SUBCASE("of one that was lost") {
    lab.feed.disconnected(lab.now);
    lab.answer_log(2, 2);
    CHECK(lab.frames<Welcome>().empty());
    CHECK(lab.feed.status(lab.now).phase == Phase::absent);
  }
  SUBCASE("of one that another has replaced") {
    const std::uint64_t old = lab.link;
    lab.connect(lab.hello(2));
    (void)lab.request();
    CHECK(lab.link != old);
    lab.feed.answer({old, LogPiece{2, lab.log.bytes(2, 2)}}, lab.now);
    CHECK(lab.frames<Welcome>().empty());
    lab.answer_log(3, 3);
    CHECK(lab.welcome().lsn == 3);
  }
}

TEST_CASE("a record that the disk has not taken is not asked for") {
  FeedLab lab;
  lab.connect(lab.hello(4));
  lab.frames();
  const auto append_unwritten = [&] { lab.feed.append(lab.log.add_idle(10 * kMegabyte), lab.now); };
  for (int i = 0; i < 8; ++i) append_unwritten();  // One is sent, the first ones leave the memory.
  lab.acknowledge(5);
  CHECK(lab.feed.take_requests().empty());
  CHECK(lab.feed.status(lab.now).phase == Phase::catching_up);
  lab.feed.local(12, 4);
  lab.pass(500);
  CHECK(std::get<ReadLog>(lab.request().what).from == 6);
}

TEST_CASE("the log is kept from where the standby may begin again") {
  FeedLab lab;
  CHECK(lab.feed.needed_from() == UINT64_MAX);
  lab.connect(lab.hello(1));
  CHECK(lab.feed.needed_from() == 2);  // While it is probed.
  (void)lab.request();
  lab.answer_log(2, 2);
  (void)lab.request();
  CHECK(lab.feed.needed_from() == 2);
  lab.answer_log(2, 3);
  CHECK(lab.feed.status(lab.now).phase == Phase::streaming);
  CHECK(lab.feed.needed_from() == 2);  // Sent, and perhaps lost with the link.
  lab.acknowledge(3, 3, 3);
  CHECK(lab.feed.needed_from() == 4);
  lab.feed.disconnected(lab.now);
  CHECK(lab.feed.needed_from() == 4);
}

TEST_CASE("of two standbys the later one is served, and what was under way to the other is not") {
  FeedLab lab;
  lab.connect(lab.hello(4));
  lab.append();
  lab.connect(lab.hello(3));
  const auto frames = lab.frames();
  REQUIRE(frames.size() == 2);
  CHECK(std::get<Welcome>(frames[0]).lsn == 4);
  CHECK(std::get<Records>(frames[1]).first == 4);
  CHECK(lab.feed.status(lab.now).lag_records == 2);
}

TEST_CASE("the lag in time is the age of the oldest record that is not acknowledged") {
  FeedLab lab;  // Of mode written.
  const auto lag = [&] { return lab.feed.status(lab.now).lag_ms; };
  lab.append();
  CHECK(lag() == 0);  // Nobody is there.
  lab.connect();
  lab.acknowledge();
  CHECK(lag() == 0);
  lab.append();
  lab.now = lab.now.plus_ms(30);
  const Lsn first = lab.log.end().lsn;
  lab.append();
  lab.now = lab.now.plus_ms(20);
  CHECK(lag() == 50);
  lab.acknowledge(first, first - 1, first - 1);  // Received is not written.
  CHECK(lag() == 50);
  lab.acknowledge(first);
  CHECK(lag() == 20);
  lab.acknowledge();
  CHECK(lag() == 0);
}

TEST_CASE("a digest stands right behind the record that it is of, once a second at the most") {
  FeedLab lab;
  lab.append(lab.log.add({opened(kAnn, "ann")}));
  lab.connect();
  lab.append();
  CHECK(lab.frames<StateDigest>().empty());
  lab.pass(1'000);
  CHECK(lab.frames<StateDigest>().empty());  // Not between records.
  lab.append();
  const auto frames = lab.frames();
  REQUIRE(frames.size() == 2);
  CHECK(std::get<Records>(frames[0]).first == 7);
  const auto& digest = std::get<StateDigest>(frames[1]);
  CHECK(digest.lsn == 7);
  CHECK(digest.first_session == 0);
  CHECK(digest.last_session > index(kAnn));
  CHECK(digest.digest == lab.log.state.digest(digest.first_session, digest.last_session));
  lab.append();
  CHECK(lab.frames<StateDigest>().empty());
}

TEST_CASE("the digests go round all sessions, a part at a time") {
  FeedLab lab;
  std::vector<Mutation> many;
  for (std::uint32_t i = 1; i <= 600; ++i)
    many.emplace_back(opened(static_cast<SessionId>(i), "c" + std::to_string(i)));
  lab.append(lab.log.add(many));
  lab.connect();
  std::uint32_t next = 0;
  for (int i = 0; i < 4; ++i) {
    lab.acknowledge();
    lab.pass(1'000);
    lab.append();
    const auto digests = lab.frames<StateDigest>();
    REQUIRE(digests.size() == 1);
    CHECK(digests[0].first_session == (i == 3 ? 0 : next));
    CHECK(digests[0].last_session - digests[0].first_session <= 256);
    next = digests[0].last_session;
  }
}

TEST_CASE("a digest is of fewer sessions where much waits for them") {
  FeedLab lab;
  std::vector<Mutation> many = {stored(1, "t")};
  for (std::uint32_t client = 1; client <= 6; ++client) {
    const auto session = static_cast<SessionId>(client);
    many.emplace_back(opened(session, "c" + std::to_string(client)));
    for (std::uint64_t i = 0; i < 3 * kDigestedEnds; ++i) many.emplace_back(queued(session, 1, i));
  }
  lab.append(lab.log.add(many));
  lab.connect();
  lab.pass(1'000);
  lab.append();
  const auto digests = lab.frames<StateDigest>();
  REQUIRE(digests.size() == 1);
  CHECK(digests[0].last_session == 4'096 / (2 * kDigestedEnds) + 1);
}

TEST_CASE("no digest is sent while records wait that were sealed before it") {
  FeedLab lab;
  lab.connect();
  for (int i = 0; i < 10; ++i) lab.append(kMegabyte);
  lab.frames();
  lab.pass(1'000);
  lab.append();
  CHECK(lab.frames<StateDigest>().empty());
  lab.acknowledge(12, 4, 4);
  lab.frames();
  lab.append();
  const auto frames = lab.frames();
  REQUIRE(frames.size() == 2);
  CHECK(std::get<StateDigest>(frames[1]).lsn == lab.log.end().lsn);
}
