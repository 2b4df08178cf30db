#include "tests/replication/feed_lab.hpp"

#include <string>
#include <variant>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;
using Commit = CommitPoint::Phase;
using Mode = ReplicationMode;
using Phase = Feed::Phase;
using Wish = Feed::Wish;

namespace {

constexpr std::size_t kMegabyte = 1U << 20U;

Commit commit_phase(const FeedLab& lab) {
  return lab.feed.status(lab.now).commit;
}

// The standby goes and comes back near the end; until when it is admitted, ms.
std::int64_t hold_down_after_return(FeedLab& lab) {
  lab.connect();
  lab.acknowledge();
  std::int64_t waited = 0;
  while (commit_phase(lab) == Commit::solo) {
    REQUIRE(waited < 1'000'000);
    lab.pass(500);
    waited += 500;
    lab.acknowledge();
  }
  REQUIRE(lab.feed.wish() == Wish::pair);
  lab.feed.grant(lab.now);
  return waited;
}

void lose_and_go_alone(FeedLab& lab) {
  lab.feed.disconnected(lab.now);
  REQUIRE(lab.feed.wish() == Wish::alone);
  lab.feed.grant(lab.now);
}

}  // namespace

TEST_CASE("a standby that is near is needed by each commit before it is called in sync") {
  FeedLab lab;
  lab.connect();
  lab.append();
  lab.frames();
  CHECK(lab.feed.committed() == 5);  // Alone still.
  lab.acknowledge(5, 4, 4);
  CHECK(commit_phase(lab) == Commit::admitting);
  CHECK(lab.feed.wish() == Wish::none);  // It has not written what was committed without it.
  lab.append();
  CHECK(lab.feed.committed() == 5);
  lab.acknowledge(6, 5, 4);
  CHECK(lab.feed.wish() == Wish::pair);
  CHECK(lab.feed.committed() == 5);
  lab.frames();
  lab.feed.grant(lab.now);
  CHECK(lab.feed.wish() == Wish::none);
  CHECK(commit_phase(lab) == Commit::paired);
  const auto pings = lab.frames<Ping>();
  REQUIRE(pings.size() == 1);
  CHECK(pings[0].in_sync);
}

TEST_CASE("a standby is not called in sync before that is granted") {
  FeedLab lab;
  lab.connect();
  lab.acknowledge();
  REQUIRE(lab.feed.wish() == Wish::pair);
  for (int i = 0; i < 5; ++i) {
    lab.pass(500);
    lab.acknowledge();
    for (const Ping& ping : lab.frames<Ping>()) CHECK_FALSE(ping.in_sync);
  }
}

TEST_CASE("a standby that has said nothing yet is not needed") {
  FeedLab lab;
  lab.connect();
  lab.pass(1'500);
  CHECK(commit_phase(lab) == Commit::solo);
  lab.append();
  CHECK(lab.feed.committed() == 5);
  lab.pass(1'000);
  CHECK(lab.feed.wish() == Wish::none);
  CHECK(lab.feed.take_hang_up().has_value());
}

TEST_CASE("a standby that is not near is not admitted") {
  FeedLab lab;
  lab.connect();
  for (int i = 0; i < 3; ++i) lab.append(kMegabyte);
  lab.acknowledge(5);
  CHECK(commit_phase(lab) == Commit::solo);
  lab.acknowledge(6);
  CHECK(commit_phase(lab) == Commit::solo);
  lab.acknowledge(7);
  CHECK(commit_phase(lab) == Commit::admitting);
}

TEST_CASE("a standby that writes slowly has its time-out from its admission on, not from before") {
  FeedLab lab(feed_config(Mode::flushed));
  lab.pass(60'000);
  lab.connect(lab.hello(1));
  (void)lab.request();
  lab.answer_log(2, 2);
  (void)lab.request();
  lab.answer_log(2, 3);
  lab.acknowledge(4, 2, 1);  // The records that it lacks are a minute old.
  REQUIRE(commit_phase(lab) == Commit::admitting);
  lab.pass(1'000);
  CHECK_FALSE(lab.feed.take_hang_up().has_value());
  lab.acknowledge();
  CHECK(lab.feed.wish() == Wish::pair);
}

TEST_CASE("what waits for a standby that was lost waits until this node may go on alone") {
  FeedLab lab;
  lab.pair();
  lab.append();
  lab.frames();
  CHECK(lab.feed.committed() == 4);
  lab.feed.disconnected(lab.now);
  CHECK(lab.feed.wish() == Wish::alone);
  lab.append();
  lab.pass(100'000);
  CHECK(lab.feed.committed() == 4);
  lab.feed.grant(lab.now);
  CHECK(lab.feed.committed() == 6);
  CHECK(commit_phase(lab) == Commit::solo);
  CHECK(lab.feed.needs_flush());
}

TEST_CASE("this node goes on alone only when all that was committed is on its own disk") {
  FeedLab lab;
  lab.pair();
  lab.feed.append(lab.log.add_idle(), lab.now);
  lab.feed.local(5, 4);
  lab.acknowledge(5, 5, 4);
  REQUIRE(lab.feed.committed() == 5);
  lab.feed.disconnected(lab.now);
  CHECK(lab.feed.wish() == Wish::none);
  lab.feed.grant(lab.now);
  CHECK(commit_phase(lab) == Commit::paired);
  lab.feed.local(5, 5);
  CHECK(lab.feed.wish() == Wish::alone);
}

TEST_CASE("a standby that is lost is told so, if it still hears us, and so is somebody") {
  FeedLab lab;
  lab.pair();
  lab.feed.disconnected(lab.now);
  const auto outdated = lab.frames<Outdated>();
  REQUIRE(outdated.size() == 1);
  CHECK(outdated[0].term == Term{2, 1});
  CHECK(outdated[0].lsn == 4);
  CHECK(lab.feed.take_alarms().size() == 1);
  lab.feed.disconnected(lab.now);
  CHECK(lab.feed.take_alarms().empty());
  CHECK(lab.frames().empty());
}

TEST_CASE("a standby that was never needed is lost without a word") {
  FeedLab lab;
  lab.connect();
  lab.frames();
  lab.feed.disconnected(lab.now);
  CHECK(lab.feed.wish() == Wish::none);
  CHECK(lab.frames().empty());
  CHECK(lab.feed.take_alarms().empty());
  lab.append();
  CHECK(lab.feed.committed() == 5);
}

TEST_CASE("one that comes back before this node may go on alone is not called in sync") {
  FeedLab lab;
  SUBCASE("the link was lost") {
    lab.pair();
    lab.feed.disconnected(lab.now);
  }
  SUBCASE("the link was lost while it was admitted") {
    lab.connect();
    lab.acknowledge();
    lab.feed.disconnected(lab.now);
  }
  SUBCASE("it has connected anew") {
    lab.pair();
  }
  lab.append();
  lab.connect(lab.hello(3));  // It may have lost what it had.
  CHECK(lab.feed.wish() == Wish::alone);
  lab.pass(1'000);
  CHECK(lab.feed.wish() == Wish::alone);
  lab.acknowledge();
  CHECK(lab.feed.wish() == Wish::alone);
  for (const Ping& ping : lab.frames<Ping>()) CHECK_FALSE(ping.in_sync);
  CHECK(lab.feed.committed() == 5);  // It has that again.
  lab.feed.grant(lab.now);
  CHECK(commit_phase(lab) == Commit::solo);
}

TEST_CASE("one that comes back before this node may go on alone has time to catch up") {
  FeedLab lab;
  lab.pair();
  lab.append();
  lab.pass(3'000);
  REQUIRE(lab.feed.take_hang_up().has_value());
  lab.connect(lab.hello(4));
  for (int i = 0; i < 6; ++i) {
    lab.pass(1'000);
    lab.acknowledge(4, 4, 4);  // It is busy with something.
  }
  CHECK_FALSE(lab.feed.take_hang_up().has_value());
  CHECK(lab.feed.committed() == 4);
  lab.acknowledge();
  CHECK(lab.feed.committed() == 5);
}

TEST_CASE("a standby that comes and goes is held down twice as long each time") {
  FeedLab lab;
  CHECK(hold_down_after_return(lab) == 0);
  for (const std::int64_t expected : {2'000, 4'000, 8'000, 16'000}) {
    lose_and_go_alone(lab);
    CHECK(hold_down_after_return(lab) == expected);
  }
  for (int i = 0; i < 8; ++i) {
    lose_and_go_alone(lab);
    CHECK(hold_down_after_return(lab) <= 300'000);
  }
  lose_and_go_alone(lab);
  CHECK(hold_down_after_return(lab) == 300'000);
  SUBCASE("and not at all after ten minutes in sync") {
    for (int i = 0; i < 600; ++i) {
      lab.pass(1'000);
      lab.acknowledge();
    }
    lose_and_go_alone(lab);
    CHECK(hold_down_after_return(lab) == 0);
  }
}

TEST_CASE("a hold-down begins anew when the standby falls behind") {
  FeedLab lab;
  lab.pair();
  lose_and_go_alone(lab);
  lab.connect();
  lab.acknowledge();
  lab.pass(1'900);
  lab.append(2 * kMegabyte);
  lab.acknowledge(4);
  lab.pass(500);
  CHECK(commit_phase(lab) == Commit::solo);
  lab.acknowledge();
  lab.pass(1'900);
  lab.acknowledge();
  CHECK(commit_phase(lab) == Commit::solo);
  lab.pass(100);
  CHECK(commit_phase(lab) == Commit::admitting);
}

TEST_CASE("a standby that is silent is lost after the time-out") {
  FeedLab lab;
  lab.pair();
  lab.pass(1'999);
  CHECK_FALSE(lab.feed.take_hang_up().has_value());
  lab.pass(1);
  CHECK(lab.feed.take_hang_up().has_value());
  CHECK(lab.feed.wish() == Wish::alone);
  CHECK(lab.feed.status(lab.now).phase == Phase::absent);
}

TEST_CASE("a standby that answers pings but takes no record is lost after the time-out") {
  FeedLab lab;
  lab.pair();
  lab.append();
  for (int i = 0; i < 3; ++i) {
    lab.pass(500);
    lab.acknowledge(4);
    REQUIRE_FALSE(lab.feed.take_hang_up().has_value());
  }
  lab.pass(500);
  CHECK(lab.feed.take_hang_up().has_value());
  CHECK(lab.feed.wish() == Wish::alone);
}

TEST_CASE("a slow standby is not lost as long as each record has its time") {
  FeedLab lab;
  lab.pair();
  for (int i = 0; i < 20; ++i) {
    lab.append();
    lab.pass(900);
    if (i > 0) lab.acknowledge(lab.log.end().lsn - 1);
  }
  CHECK_FALSE(lab.feed.take_hang_up().has_value());
  CHECK(lab.feed.committed() == lab.log.end().lsn - 1);
}

TEST_CASE("a quarter of the time-out after a ping comes the next, whatever else is said") {
  FeedLab lab;
  lab.pair();
  lab.pass(499);
  CHECK(lab.frames<Ping>().empty());
  lab.pass(1);
  const auto pings = lab.frames<Ping>();
  REQUIRE(pings.size() == 1);
  CHECK(pings[0].committed == 4);
  CHECK(pings[0].in_sync);
  lab.pass(300);
  lab.append();
  lab.pass(199);
  CHECK(lab.frames<Ping>().empty());
  lab.pass(1);
  const auto next = lab.frames<Ping>();
  REQUIRE(next.size() == 1);
  CHECK(next[0].number == pings[0].number + 1);
}

TEST_CASE("a promise counts from when the ping was sent that the standby has answered") {
  FeedLab lab;
  lab.pair();
  lab.pass(500);
  const auto first = lab.frames<Ping>();
  REQUIRE(first.size() == 1);
  const Instant sent = lab.now;
  lab.pass(400);
  Durable answer{4, 4, 4, first[0].number};
  lab.feed.take(answer, lab.now);
  CHECK(lab.feed.status(lab.now).promised_at == sent);
  lab.pass(300);
  answer.ping = 0;  // An answer to something older.
  lab.feed.take(answer, lab.now);
  CHECK(lab.feed.status(lab.now).promised_at == sent);
  answer.ping = first[0].number + 10;
  lab.feed.take(answer, lab.now);
  CHECK(lab.feed.take_hang_up() == "the standby acknowledges what was not sent");
}

TEST_CASE("in async nothing waits for the standby, and only a silent one is lost") {
  FeedLab lab(feed_config(Mode::async));
  lab.pair();
  lab.append();
  CHECK(lab.feed.committed() == 5);
  for (int i = 0; i < 10; ++i) {
    lab.pass(1'000);
    lab.acknowledge(4);
  }
  CHECK_FALSE(lab.feed.take_hang_up().has_value());
}

TEST_CASE("who stops to lead commits nothing more that a standby in sync may lack") {
  FeedLab lab(feed_config(Mode::async));
  SUBCASE("and it has one") {
    lab.pair();
    lab.feed.end();
    lab.append();
    CHECK(lab.feed.committed() == 4);
  }
  SUBCASE("but alone all that it has") {
    lab.feed.end();
    lab.append();
    CHECK(lab.feed.committed() == 5);
  }
}

TEST_CASE("in async the standby lags when more than max_lag_bytes are on their way") {
  ReplicationConfig config = feed_config(Mode::async);
  SUBCASE("less than the window") {
    config.max_lag_bytes = 4 * kMegabyte;
  }
  SUBCASE("more than the window") {
    config.max_lag_bytes = 16 * kMegabyte;
  }
  SUBCASE("more than is kept in memory, nearly") {
    config.max_lag_bytes = 31 * kMegabyte;
  }
  FeedLab lab(config);
  lab.pair();
  const std::uint64_t limit = config.max_lag_bytes / kMegabyte;
  for (std::uint64_t i = 0; i + 1 < limit; ++i) lab.append(kMegabyte);
  CHECK_FALSE(lab.feed.is_lagging());
  for (int i = 0; i < 2; ++i) lab.append(kMegabyte);
  CHECK(lab.feed.is_lagging());
  for (int i = 0; i < 20; ++i) lab.append(kMegabyte);
  CHECK(lab.feed.is_lagging());  // Also when it has to be read from the log.
  lab.feed.disconnected(lab.now);
  CHECK(lab.feed.is_lagging());  // Until it is written down that it lags.
  lab.feed.grant(lab.now);
  CHECK_FALSE(lab.feed.is_lagging());
}

TEST_CASE("a standby that catches up slows nobody down, nor does one in another mode") {
  ReplicationConfig config = feed_config(Mode::async);
  config.max_lag_bytes = 1'000;
  FeedLab lab(config);
  lab.connect();
  lab.append(5'000);
  CHECK_FALSE(lab.feed.is_lagging());
  config.mode = Mode::written;
  FeedLab other(config);
  other.pair();
  other.append(5'000);
  CHECK_FALSE(other.feed.is_lagging());
}

TEST_CASE("a pair that was granted too late pairs nobody") {
  FeedLab lab;
  lab.connect();
  lab.acknowledge();
  REQUIRE(lab.feed.wish() == Wish::pair);
  lab.feed.disconnected(lab.now);
  CHECK(lab.feed.wish() == Wish::alone);
  lab.feed.grant(lab.now);
  CHECK(commit_phase(lab) == Commit::solo);
  lab.feed.grant(lab.now);
  CHECK(commit_phase(lab) == Commit::solo);
}

TEST_CASE("an acknowledgement that asks for both disks has both of them forced") {
  FeedLab lab;
  lab.pair();
  lab.append();
  CHECK_FALSE(lab.feed.needs_flush());
  CHECK_FALSE(lab.frames<Records>().at(0).flush);
  lab.feed.await({UINT64_MAX, UINT64_MAX, 6});
  lab.append();
  CHECK(lab.feed.needs_flush());
  CHECK(lab.frames<Records>().at(0).flush);
  lab.acknowledge(6, 6, 5);
  CHECK(lab.feed.levels().at(CommitLevel::written) == 6);
  CHECK(lab.feed.levels().at(CommitLevel::flushed) == 5);
  lab.acknowledge();
  CHECK(lab.feed.levels().at(CommitLevel::flushed) == 6);
  lab.feed.await({});
  CHECK_FALSE(lab.feed.needs_flush());
}

TEST_CASE("one that asks for this node's disk has that forced, and waits for no standby") {
  FeedLab lab;
  lab.pair();
  lab.feed.await({5, UINT64_MAX, UINT64_MAX});
  lab.append();
  CHECK(lab.feed.needs_flush());
  CHECK_FALSE(lab.frames<Records>().at(0).flush);
  CHECK(lab.feed.levels().at(CommitLevel::local) == 5);
  CHECK(lab.feed.committed() == 4);
}

TEST_CASE("a standby that keeps an acknowledgement waiting is lost, whatever the mode") {
  for (const Mode mode : {Mode::async, Mode::received, Mode::written}) {
    INFO("mode ", static_cast<int>(mode));
    FeedLab lab(feed_config(mode));
    lab.pair();
    lab.feed.await({UINT64_MAX, UINT64_MAX, 5});
    lab.append();
    lab.pass(1'000);
    lab.acknowledge(5, 5, 4);
    REQUIRE_FALSE(lab.feed.take_hang_up());
    lab.pass(1'000);
    CHECK(lab.feed.take_hang_up());
    REQUIRE(lab.feed.wish() == Wish::alone);
    lab.feed.grant(lab.now);
    lab.append();  // Flushes here.
    CHECK(lab.feed.levels().at(CommitLevel::flushed) == 6);
  }
}
