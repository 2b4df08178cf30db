// Standby: the leadership moves to it by plan.
#include "tests/core/standby_lab.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;
using Say = HandOver::Say;

namespace {

// It has all that the primary has, and knows it.
StandbyLab in_sync() {
  StandbyLab lab;
  lab.follow();
  lab.take(Records{4, 3, false, lab.log.bytes(4, 6)});
  lab.write();
  lab.take(Ping{6, true});
  (void)lab.standby->take_frames();
  (void)lab.standby->take_demands();
  return lab;
}

std::string declined(StandbyLab& lab) {
  CHECK(lab.standby->take_demands().empty());
  const auto said = frames_of<HandOver>(lab.standby->take_frames());
  REQUIRE(said.size() == 1);
  CHECK(said[0].say == Say::declined);
  return said[0].text;
}

}  // namespace

TEST_CASE("a standby in sync takes over where its log and the primary's end at the same record") {
  StandbyLab lab = in_sync();
  lab.take(HandOver{Say::offered, lab.log.position(6), {}});
  CHECK(demands_of<TakeOver>(lab.standby->take_demands()).size() == 1);
}

TEST_CASE("a standby declines what does not end where its log does") {
  StandbyLab lab = in_sync();
  Position other = lab.log.position(6);
  SUBCASE("by its position") {
    other.lsn = 7;
  }
  SUBCASE("by its term") {
    other.term = {9, 9};
  }
  SUBCASE("by its chain") {
    ++other.chain;
  }
  lab.take(HandOver{Say::offered, other, {}});
  CHECK(declined(lab).starts_with("its log ends at 6, not at "));
}

TEST_CASE("a standby that is not in sync declines") {
  StandbyLab lab = in_sync();
  lab.take(Ping{6, false});
  (void)lab.standby->take_frames();
  lab.take(HandOver{Say::offered, lab.log.position(6), {}});
  CHECK(declined(lab).ends_with("or it is not in sync"));
}

TEST_CASE("a standby asks for the lead, and hears why it does not get it") {
  StandbyLab lab = in_sync();
  lab.standby->ask_to_lead();
  const auto said = frames_of<HandOver>(lab.standby->take_frames());
  REQUIRE(said.size() == 1);
  CHECK(said[0].say == Say::asked);
  lab.take(HandOver{Say::refused, {}, "not now"});
  const auto refused = demands_of<MoveRefused>(lab.standby->take_demands());
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].why == "not now");
}

TEST_CASE("a standby hangs up on a primary that says what is the standby's to say") {
  StandbyLab lab = in_sync();
  lab.take(HandOver{Say::taken, {}, {}});
  CHECK(lab.hang_up().why == "the primary says what is the standby's to say");
}
