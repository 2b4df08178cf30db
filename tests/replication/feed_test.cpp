#include "replication/feed.hpp"

#include "tests/replication/feed_lab.hpp"

#include <string>
#include <variant>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;
using Phase = Feed::Phase;
using Way = Welcome::Way;

namespace {

// The log of a standby that has ours up to `fork` and then `tail` records of its own.
Hello diverged(const FeedLab& lab, Lsn fork, Lsn tail, Lsn tables_at) {
  SampleLog other;
  other.begin_term({1, 1});
  while (other.end().lsn < fork) other.add_idle();
  REQUIRE(other.end() == lab.log.position(fork));
  for (Lsn i = 0; i < tail; ++i) other.add_other();
  Hello hello = lab.hello(fork);
  hello.end = other.end();
  hello.tables_at = tables_at;
  return hello;
}

void check_image(FeedLab& lab, Lsn fork) {
  const Welcome welcome = lab.welcome();
  CHECK(welcome.way == Way::image);
  CHECK(welcome.lsn == fork);
  CHECK(lab.feed.status(lab.now).phase == Phase::image);
  CHECK(std::holds_alternative<OpenImage>(lab.request().what));
}

}  // namespace

TEST_CASE("a standby whose log ends where ours does is streamed to") {
  FeedLab lab;
  lab.connect();
  const Welcome welcome = lab.welcome();
  CHECK(welcome.way == Way::stream);
  CHECK(welcome.lsn == 5);
  CHECK(welcome.term == Term{2, 1});
  CHECK(welcome.end == lab.log.end());
  CHECK(welcome.committed == 4);
  CHECK(lab.feed.take_requests().empty());
  lab.append();
  const auto records = lab.frames<Records>();
  REQUIRE(records.size() == 1);
  CHECK(records[0].first == 5);
  CHECK(records[0].records == lab.log.bytes(5, 5));
}

TEST_CASE("a standby that is behind gets the records behind its own, which prove its chain") {
  FeedLab lab;
  lab.append();
  SUBCASE("from memory") {
    lab.connect(lab.hello(3));
    CHECK(lab.feed.take_requests().empty());
    const auto frames = lab.frames();
    REQUIRE(frames.size() == 2);
    CHECK(std::get<Welcome>(frames[0]).lsn == 4);
    CHECK(std::get<Records>(frames[1]).first == 4);
    CHECK(std::get<Records>(frames[1]).records == lab.log.bytes(4, 5));
    CHECK(lab.feed.status(lab.now).phase == Phase::streaming);
  }
  SUBCASE("from the log") {
    lab.connect(lab.hello(1));
    CHECK(lab.frames().empty());
    const FeedRequest request = lab.request();
    CHECK(std::get<ReadLog>(request.what).from == 2);
    CHECK(lab.feed.status(lab.now).phase == Phase::probing);
    lab.answer_log(2, 2);
    const Welcome welcome = lab.welcome();
    CHECK(welcome.way == Way::stream);
    CHECK(welcome.lsn == 2);
  }
}

TEST_CASE("a standby without a log is streamed to from the first record, while that is held") {
  FeedLab lab;
  lab.connect(Hello{});
  CHECK(std::get<ReadLog>(lab.request().what).from == 1);
  lab.answer_log(1, 1);
  CHECK(lab.welcome().way == Way::stream);
}

TEST_CASE("a standby that needs what the log has lost gets an image") {
  FeedLab lab;
  SUBCASE("as is known at once") {
    lab.connect(lab.hello(1), 3);
    check_image(lab, 1);
  }
  SUBCASE("as is found when the log is read") {
    lab.connect(lab.hello(1), 1);
    (void)lab.request();
    lab.answer(LogPiece{2, {}});
    check_image(lab, 1);
  }
  SUBCASE("and without a log it is no other") {
    lab.connect(Hello{}, 2);
    check_image(lab, 0);
  }
}

TEST_CASE("the log still holds the record behind the standby's: no image is needed") {
  FeedLab lab;
  lab.connect(lab.hello(1), 2);
  CHECK(std::get<ReadLog>(lab.request().what).from == 2);
}

TEST_CASE("a tail that is not in our log is to be cut off") {
  FeedLab lab;
  lab.connect(diverged(lab, 3, 2, 3));
  const Welcome welcome = lab.welcome();
  CHECK(welcome.way == Way::cut);
  CHECK(welcome.lsn == 3);
  CHECK(lab.feed.take_requests().empty());
  CHECK(lab.frames<Records>().empty());
}

TEST_CASE("a tail that the standby's tables hold already cannot be cut off: it gets an image") {
  FeedLab lab;
  lab.connect(diverged(lab, 3, 2, 4));
  check_image(lab, 3);
}

TEST_CASE("a tail is not cut off when the log behind the fork is not held any more") {
  FeedLab lab;
  lab.connect(diverged(lab, 3, 2, 3), 5);
  check_image(lab, 3);
}

TEST_CASE("a standby of an older term that led in it is cut to where the terms part") {
  FeedLab lab;
  Hello hello = diverged(lab, 3, 1, 2);
  SampleLog other;
  other.begin_term({1, 1});
  other.add_idle();
  other.add_idle();
  other.begin_term({1, 2});
  hello.end = other.end();
  hello.history = other.history(4);
  hello.term_seen = {1, 2};
  lab.connect(hello);
  const Welcome welcome = lab.welcome();
  CHECK(welcome.way == Way::cut);
  CHECK(welcome.lsn == 3);
}

TEST_CASE("another log at the same position is an alarm, and an image replaces it") {
  FeedLab lab;
  SUBCASE("at the end of ours") {
    Hello hello = lab.hello(4);
    ++hello.end.chain;
    lab.connect(hello);
  }
  SUBCASE("before a record that is in memory") {
    Hello hello = lab.hello(3);
    ++hello.end.chain;
    lab.connect(hello);
  }
  SUBCASE("before a record that has to be read") {
    Hello hello = lab.hello(2);
    ++hello.end.chain;
    lab.connect(hello);
    (void)lab.request();
    lab.answer_log(3, 3);
  }
  check_image(lab, 0);
  const auto alarms = lab.feed.take_alarms();
  REQUIRE(alarms.size() == 1);
  CHECK(alarms[0].find("differs at position") != std::string::npos);
}

TEST_CASE("a record that cannot be opened does not prove the standby's chain") {
  FeedLab lab;
  lab.connect(lab.hello(2));
  (void)lab.request();
  lab.answer(LogPiece{3, {"damaged"}});
  check_image(lab, 0);
}

TEST_CASE("a standby that wants an image gets one, whatever its log says") {
  FeedLab lab;
  Hello hello = lab.hello(4);
  hello.wants_image = true;
  lab.connect(hello);
  check_image(lab, 4);
}

TEST_CASE("a node that has seen a newer term is not served, and this one steps down") {
  FeedLab lab;
  Hello hello = lab.hello(4);
  hello.term_seen = {2, 2};
  hello.is_primary = true;
  lab.connect(hello);
  const auto refused = lab.frames<Refused>();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].why == Refused::Why::not_primary);
  CHECK(lab.feed.superseded_by() == Term{2, 2});
  CHECK(lab.feed.take_hang_up().has_value());
  CHECK(lab.feed.status(lab.now).phase == Phase::absent);
  SUBCASE("nothing more is committed") {
    const Lsn before = lab.feed.committed();
    lab.append();
    CHECK(lab.feed.committed() == before);
  }
  SUBCASE("nobody is served any more") {
    lab.connect();
    CHECK(lab.frames<Refused>().size() == 1);
    CHECK(lab.frames<Welcome>().empty());
  }
}

TEST_CASE("a primary that learns of a newer term does not ask to go on alone") {
  FeedLab lab;
  lab.pair();
  lab.append();
  Hello hello = lab.hello(4);
  hello.term_seen = {3, 2};
  lab.connect(hello);
  CHECK(lab.feed.wish() == Feed::Wish::none);
  lab.feed.grant(lab.now);
  lab.feed.local(5, 5);
  CHECK(lab.feed.committed() == 4);
}

TEST_CASE("a primary of an older term is told that it is over") {
  FeedLab lab;
  Hello hello = lab.hello(3);
  hello.is_primary = true;
  lab.connect(hello);
  const auto refused = lab.frames<Refused>();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].why == Refused::Why::superseded);
  CHECK(refused[0].term == Term{2, 1});
  CHECK(refused[0].end == lab.log.end());
  CHECK_FALSE(lab.feed.superseded_by().has_value());
  CHECK(lab.feed.take_hang_up().has_value());
}

TEST_CASE("a standby of a lower feature level is refused with a sentence, a newer one is not") {
  FeedLab lab;
  Hello hello = lab.hello(4);
  hello.feature_level = kFeatureLevel - 1;
  lab.connect(hello);
  const auto refused = lab.frames<Refused>();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].why == Refused::Why::feature_level);
  CHECK(refused[0].text.find("upgrade") != std::string::npos);
  CHECK(lab.feed.take_hang_up().has_value());
  hello.feature_level = kFeatureLevel + 1;
  lab.connect(hello);
  CHECK(lab.welcome().way == Way::stream);
}

TEST_CASE("what comes behind a refusal is not looked at") {
  FeedLab lab;
  Hello hello = lab.hello(4);
  hello.feature_level = kFeatureLevel - 1;
  lab.connect(hello);
  lab.frames();
  (void)lab.feed.take_hang_up();
  lab.acknowledge(90);
  CHECK_FALSE(lab.feed.take_hang_up().has_value());
  lab.append();
  CHECK(lab.frames().empty());
  CHECK(lab.feed.wish() == Feed::Wish::none);
}

TEST_CASE("a frame that is the primary's to send ends the link") {
  FeedLab lab;
  lab.connect();
  lab.feed.take(Ping{}, lab.now);
  CHECK(lab.feed.take_hang_up().has_value());
  CHECK(lab.feed.status(lab.now).phase == Phase::absent);
}

TEST_CASE("an acknowledgement that cannot be true ends the link and commits nothing") {
  Durable durable;
  SUBCASE("of what was not sent") {
    durable = {5, 4, 4};
  }
  SUBCASE("of more written than received") {
    durable = {4, 5, 4};
  }
  SUBCASE("of more flushed than written") {
    durable = {4, 4, 5};
  }
  FeedLab lab;
  lab.pair();
  lab.feed.take(durable, lab.now);
  CHECK(lab.feed.take_hang_up().has_value());
  CHECK(lab.feed.status(lab.now).phase == Phase::absent);
  CHECK(lab.feed.wish() == Feed::Wish::alone);
  lab.append();
  CHECK(lab.feed.committed() == 4);
}

TEST_CASE("the standby's finding that it differs is an alarm") {
  FeedLab lab;
  lab.connect();
  lab.feed.take(Differs{4, "the digest is another one"}, lab.now);
  const auto alarms = lab.feed.take_alarms();
  REQUIRE(alarms.size() == 1);
  CHECK(alarms[0].find("the digest is another one") != std::string::npos);
}

TEST_CASE("a node without a peer keeps no records in memory and commits by its own disk") {
  ReplicationConfig config = feed_config();
  config.peer.clear();
  FeedLab lab(config);
  lab.append();
  CHECK(lab.feed.committed() == 5);
  CHECK(lab.feed.needed_from() == UINT64_MAX);
  CHECK(lab.feed.next_due().is_never());
  lab.connect(lab.hello(4));  // Nobody can; but if, it is read from the log.
  CHECK(std::get<ReadLog>(lab.request().what).from == 5);
}

TEST_CASE("what the status says of a standby that streams") {
  FeedLab lab;
  lab.connect(lab.hello(3));
  lab.append(1'000);
  lab.append(1'000);
  lab.acknowledge(4, 4, 3);
  const Feed::Status status = lab.feed.status(lab.now);
  CHECK(status.phase == Phase::streaming);
  CHECK(status.standby == Durable{4, 4, 3});
  CHECK(status.lag_records == 2);
  CHECK(status.lag_bytes == lab.log.records[4].bytes.size() + lab.log.records[5].bytes.size());
  lab.acknowledge(6);
  CHECK(lab.feed.status(lab.now).lag_bytes == 0);
  CHECK(lab.feed.status(lab.now).lag_records == 0);
}
