// Feed: the leadership moves to the standby by plan.
#include "tests/replication/feed_lab.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;
using Move = Feed::Move;
using Say = HandOver::Say;

namespace {

// Paired, with a record that the standby has not acknowledged.
FeedLab draining() {
  FeedLab lab;
  lab.pair();
  lab.append();
  REQUIRE(lab.feed.begin_move(lab.now));
  return lab;
}

FeedLab offered() {
  FeedLab lab = draining();
  lab.acknowledge();
  lab.feed.offer();
  lab.frames();
  return lab;
}

std::string refusal(FeedLab& lab) {
  const auto begun = lab.feed.begin_move(lab.now);
  REQUIRE_FALSE(begun);
  CHECK_FALSE(lab.feed.moves());
  return begun.error().text;
}

}  // namespace

TEST_CASE("a move needs a standby in sync") {
  FeedLab lab;
  CHECK(refusal(lab) == "No standby is connected.");
  lab.connect();
  CHECK(refusal(lab) == "The standby is not in sync: it is 0 records behind.");
  lab.append();
  CHECK(refusal(lab) == "The standby is not in sync: it is 1 records behind.");
  lab.acknowledge();
  lab.feed.grant(lab.now);
  CHECK(lab.feed.begin_move(lab.now));
  const auto again = lab.feed.begin_move(lab.now);
  REQUIRE_FALSE(again);
  CHECK(again.error().text == "It is on its way already.");
}

TEST_CASE("the standby is offered the lead when it has all and nobody waits") {
  FeedLab lab = draining();
  CHECK(lab.feed.move() == Move::draining);
  CHECK(lab.feed.moves());
  CHECK_FALSE(lab.feed.has_offered());
  lab.feed.await({UINT64_MAX, UINT64_MAX, lab.log.end().lsn});
  lab.acknowledge(lab.log.end().lsn, lab.log.end().lsn, 0);
  CHECK(lab.feed.move() == Move::draining);
  lab.feed.await({});
  CHECK(lab.feed.move() == Move::drained);
  lab.feed.offer();
  CHECK(lab.feed.has_offered());
  const auto offers = lab.frames<HandOver>();
  REQUIRE(offers.size() == 1);
  CHECK(offers[0].say == Say::offered);
  CHECK(offers[0].end == lab.log.end());
}

TEST_CASE("what is sealed meanwhile goes to the standby too before it is asked") {
  FeedLab lab = draining();
  lab.acknowledge();
  CHECK(lab.feed.move() == Move::drained);
  lab.append();
  CHECK(lab.feed.move() == Move::draining);
}

TEST_CASE("a standby that takes over says where it begins") {
  FeedLab lab = offered();
  const Position begin{{3, 2}, 6, 77};
  lab.feed.take(HandOver{Say::taken, begin, {}}, lab.now);
  CHECK(lab.feed.move() == Move::taken);
  CHECK(lab.feed.heir() == begin);
  lab.feed.disconnected(lab.now);
  CHECK(lab.feed.move() == Move::taken);
  CHECK_FALSE(lab.feed.take_move_failure());
}

TEST_CASE("a standby that declines leaves all as it was") {
  FeedLab lab = offered();
  lab.feed.take(HandOver{Say::declined, lab.log.end(), "it is busy"}, lab.now);
  CHECK_FALSE(lab.feed.moves());
  CHECK(lab.feed.take_move_failure() == "The standby does not lead: it is busy");
  CHECK_FALSE(lab.feed.take_move_failure());
  lab.append();
  lab.acknowledge();
  CHECK(lab.feed.committed() == lab.log.end().lsn);
}

TEST_CASE("an offer stands when the standby is lost, because it may have been taken") {
  FeedLab lab = offered();
  SUBCASE("by its connection") {
    lab.feed.disconnected(lab.now);
  }
  SUBCASE("by its silence") {
    lab.pass(2'500);
  }
  CHECK(lab.feed.has_offered());
  CHECK(lab.feed.wish() == Feed::Wish::alone);
  CHECK(lab.feed.take_move_failure().value_or("").starts_with("Whether the standby leads now"));
}

TEST_CASE("a move without an offer ends with its standby, or when it takes too long") {
  FeedLab lab = draining();
  SUBCASE("lost") {
    lab.feed.disconnected(lab.now);
  }
  SUBCASE("slow") {
    lab.acknowledge();
    lab.feed.await({UINT64_MAX, UINT64_MAX, lab.log.end().lsn + 1});
    for (int i = 0; i < 30; ++i) {
      lab.pass(100);
      lab.acknowledge();
    }
  }
  CHECK_FALSE(lab.feed.moves());
  CHECK(lab.feed.take_move_failure().value_or("").starts_with("This node leads as before: "));
}

TEST_CASE("the standby's operator may ask, and is told why not") {
  FeedLab lab;
  lab.connect();
  lab.frames();
  lab.feed.take(HandOver{Say::asked, lab.log.end(), {}}, lab.now);
  CHECK(lab.feed.take_move_wish());
  CHECK_FALSE(lab.feed.take_move_wish());
  lab.feed.refuse_move("not now");
  const auto refusals = lab.frames<HandOver>();
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].say == Say::refused);
  CHECK(refusals[0].text == "not now");
}

TEST_CASE("an answer to no offer ends the link") {
  FeedLab lab;
  lab.pair();
  lab.feed.take(HandOver{Say::taken, lab.log.end(), {}}, lab.now);
  CHECK(lab.feed.take_hang_up());
  CHECK_FALSE(lab.feed.moves());
}
