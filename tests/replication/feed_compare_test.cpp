#include "replication/feed.hpp"

#include "tests/replication/feed_lab.hpp"
#include "tests/session/mutations.hpp"

#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;
using Phase = Comparison::Phase;

namespace {

constexpr std::uint32_t kSessions = 600;
constexpr std::size_t kMegabyte = 1U << 20U;

// With a standby that has everything.
struct CompareLab : FeedLab {
  CompareLab() {
    std::vector<Mutation> many;
    for (std::uint32_t i = 1; i <= kSessions; ++i)
      many.emplace_back(opened(static_cast<SessionId>(i), "c" + std::to_string(i)));
    append(log.add(many));
    connect();
    append();
    acknowledge();
    frames();
  }

  // The digest that is sent now; it is answered with `wrong` added.
  StateDigest answer(std::uint64_t wrong = 0) {
    feed.verify();
    const auto digests = frames<StateDigest>();
    REQUIRE(digests.size() == 1);
    StateDigest theirs = digests[0];
    theirs.digest += wrong;
    feed.take(theirs, now);
    return digests[0];
  }
};

}  // namespace

TEST_CASE("all sessions are compared when somebody asks, a part at a time, without a record") {
  CompareLab lab;
  lab.feed.verify();
  CHECK(lab.frames<StateDigest>().empty());
  REQUIRE(lab.feed.begin_comparison().has_value());
  std::uint32_t next = 0;
  while (lab.feed.verifies()) {
    const StateDigest part = lab.answer();
    CHECK(part.first_session == next);
    CHECK(part.lsn == lab.log.end().lsn);
    next = part.last_session;
  }
  CHECK(next > kSessions);
  CHECK(lab.feed.comparison().phase() == Phase::equal);
  CHECK(lab.feed.comparison().parts() == 3);
}

TEST_CASE("a digest that differs ends the comparison and not the link") {
  CompareLab lab;
  REQUIRE(lab.feed.begin_comparison().has_value());
  lab.answer(1);
  CHECK(lab.feed.comparison().phase() == Phase::differs);
  CHECK_FALSE(lab.feed.take_hang_up().has_value());
}

TEST_CASE("a comparison waits for records that are to be sent first, and ends with the link") {
  CompareLab lab;
  REQUIRE(lab.feed.begin_comparison().has_value());
  CHECK_FALSE(lab.feed.begin_comparison().has_value());  // One at a time.
  for (int i = 0; i < 10; ++i) lab.append(kMegabyte);
  lab.feed.verify();
  CHECK(lab.frames<StateDigest>().empty());
  lab.feed.disconnected(lab.now);
  CHECK(lab.feed.comparison().phase() == Phase::broken);
  CHECK_FALSE(lab.feed.begin_comparison().has_value());  // Nobody is there.
}
