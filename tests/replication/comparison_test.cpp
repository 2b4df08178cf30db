#include "replication/comparison.hpp"

#include <doctest/doctest.h>

using namespace tandemq;
using Phase = Comparison::Phase;

namespace {

constexpr StateDigest kFirst{10, 0, 256, 0xA1};
constexpr StateDigest kSecond{12, 256, 300, 0xB2};

}  // namespace

TEST_CASE("parts go one after the other, and the last one that is equal ends it") {
  Comparison one;
  CHECK_FALSE(one.wants_part());
  one.begin();
  CHECK(one.wants_part());
  one.sent(kFirst, false);
  CHECK_FALSE(one.wants_part());
  one.take(kFirst);
  CHECK(one.wants_part());
  CHECK(one.next_session() == 256);
  one.sent(kSecond, true);
  CHECK(one.phase() == Phase::under_way);
  one.take(kSecond);
  CHECK(one.phase() == Phase::equal);
  CHECK(one.first_lsn() == 10);
  CHECK(one.last_lsn() == 12);
  CHECK(one.parts() == 2);
  CHECK(one.ours() == one.theirs());
  CHECK(one.ours() != 0);
}

TEST_CASE("a part that differs ends it, with both digests and a sentence") {
  Comparison one;
  one.begin();
  one.sent(kFirst, false);
  StateDigest other = kFirst;
  ++other.digest;
  one.take(other);
  CHECK(one.phase() == Phase::differs);
  CHECK(one.ours() != one.theirs());
  CHECK(one.why().find("from 0 to 256") != std::string::npos);
  one.end("the link was lost", false);
  CHECK(one.phase() == Phase::differs);
}

TEST_CASE("what answers another question is no answer") {
  Comparison one;
  one.take(kFirst);
  CHECK(one.phase() == Phase::none);
  one.begin();
  one.sent(kFirst, true);
  for (StateDigest other : {StateDigest{11, 0, 256, 0xA1}, StateDigest{10, 1, 256, 0xA1},
                            StateDigest{10, 0, 255, 0xA1}}) {
    one.take(other);
    CHECK(one.phase() == Phase::under_way);
  }
}

TEST_CASE("a comparison that is broken off says why, and another one can begin") {
  Comparison one;
  one.begin();
  one.sent(kFirst, true);
  one.end("the link was lost", false);
  CHECK(one.phase() == Phase::broken);
  CHECK(one.why() == "the link was lost");
  one.begin();
  CHECK(one.wants_part());
  CHECK(one.next_session() == 0);
  CHECK(one.parts() == 0);
}
