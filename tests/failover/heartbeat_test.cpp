#include "failover/heartbeat.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

constexpr Term kTerm{1, 1};
constexpr Beat kStandby{kTerm, false, true, false, 0};
constexpr Beat kPrimary{kTerm, true, true, false, 0};

Beat asking(std::uint64_t loss) {
  Beat beat = kPrimary;
  beat.asks = loss;
  return beat;
}

Heartbeat node(std::uint64_t number, std::uint64_t incarnation, const char* secret = "secret") {
  return {secret, {7, number, incarnation}};
}

bool counts(Heartbeat& heartbeat, const std::string& bytes, std::int64_t ms) {
  const auto taken = heartbeat.take(bytes, Instant{ms});
  return taken && taken->counts;
}

// Both have heard each other by the time 20.
struct Two {
  Two() {
    counts(b, a.beat(kPrimary, Instant{10}), 11);
    counts(a, b.beat(kStandby, Instant{12}), 13);
    counts(b, a.beat(kPrimary, Instant{20}), 20);
  }
  Heartbeat a = node(1, 100);
  Heartbeat b = node(2, 200);
};

}  // namespace

TEST_CASE("a datagram is a sign of life when it answers one of this very process") {
  Heartbeat a = node(1, 100);
  Heartbeat b = node(2, 200);
  const auto first = b.take(a.beat(kPrimary, Instant{10}), Instant{11});
  REQUIRE(first);
  CHECK_FALSE(first->counts);
  CHECK(first->answers);
  CHECK(b.peer() == nullptr);
  CHECK(counts(a, b.beat(kStandby, Instant{12}), 13));
  CHECK(a.heard_at() == Instant{13});
  CHECK(a.met_at() == Instant{10});
  CHECK(counts(b, a.beat(kPrimary, Instant{20}), 22));
  REQUIRE(b.peer() != nullptr);
  CHECK(b.peer()->leads);
  CHECK(b.peer()->term == kTerm);
  CHECK(b.heard_at() == Instant{22});
  CHECK(b.met_at() == Instant{12});
}

TEST_CASE("what comes again, or late, is no sign of life") {
  Two two;
  const std::string early = two.a.beat(kPrimary, Instant{30});
  const std::string late = two.a.beat(kPrimary, Instant{40});
  CHECK(counts(two.b, late, 41));
  CHECK_FALSE(counts(two.b, early, 42));
  CHECK_FALSE(counts(two.b, late, 43));
  CHECK(two.b.heard_at() == Instant{41});
}

TEST_CASE("nothing that was said to a process before this one counts") {
  Two two;
  const std::string before = two.a.beat(kPrimary, Instant{30});
  Heartbeat again = node(2, 201);
  CHECK_FALSE(counts(again, before, 40));
  again.beat(kStandby, Instant{41});
  CHECK_FALSE(counts(again, before, 42));
}

TEST_CASE("a process that begins anew is believed when it has answered") {
  Two two;
  Heartbeat again = node(1, 101);
  CHECK_FALSE(counts(two.b, again.beat(kPrimary, Instant{30}), 30));
  CHECK(counts(again, two.b.beat(kStandby, Instant{31}), 31));
  CHECK(counts(two.b, again.beat(kPrimary, Instant{32}), 32));
  // And the one before it, played back, is not.
  CHECK_FALSE(counts(two.b, two.a.beat(kPrimary, Instant{33}), 33));
  CHECK(two.b.peer()->number.incarnation == 101);
}

TEST_CASE("the time at which both heard each other is when the answered one was sent") {
  Two two;
  const std::string slow = two.b.beat(kStandby, Instant{30});
  two.b.beat(kStandby, Instant{40});
  CHECK(counts(two.a, slow, 90));
  CHECK(two.a.heard_at() == Instant{90});
  CHECK(two.a.met_at() == Instant{20});
  // One-way: it is heard, and does not hear.
  for (int i = 0; i < 10; ++i) CHECK(counts(two.a, two.b.beat(kStandby, Instant{100 + i}), 110));
  CHECK(two.a.met_at() == Instant{20});
}

TEST_CASE("who answers what was sent long ago is alive, and that is all") {
  Two two;
  const std::string slow = two.b.beat(kStandby, Instant{30});
  for (std::size_t i = 0; i <= Heartbeat::kSentKept; ++i) two.a.beat(kPrimary, Instant{40});
  CHECK(counts(two.a, slow, 50));
  CHECK(two.a.heard_at() == Instant{50});
  CHECK(two.a.met_at() == Instant{10});
}

TEST_CASE("strangers are refused, and told apart") {
  Two two;
  const auto why = [&](Heartbeat other) {
    return two.a.take(other.beat(kStandby, Instant{30}), Instant{30}).error().text;
  };
  CHECK(why(node(2, 300, "another")).find("secret") != std::string::npos);
  CHECK(why({"secret", {8, 2, 300}}).find("cluster.id") != std::string::npos);
  CHECK(why(node(1, 300)).find("node.id") != std::string::npos);
  CHECK(two.a.heard_at() == Instant{13});
}

TEST_CASE("a standby that is asked notes once that it is outdated, and the primary hears it") {
  Two two;
  CHECK_FALSE(two.b.is_asked(kTerm));
  counts(two.b, two.a.beat(asking(1), Instant{30}), 30);
  CHECK(two.b.is_asked(kTerm));
  CHECK_FALSE(two.b.is_asked(Term{2, 1}));
  CHECK_FALSE(two.a.has_noted(1));
  two.b.note();
  CHECK_FALSE(two.b.is_asked(kTerm));
  counts(two.a, two.b.beat(kStandby, Instant{31}), 31);
  CHECK(two.a.has_noted(1));
  CHECK_FALSE(two.a.has_noted(0));
}

TEST_CASE("what was noted after one loss is no answer after the next") {
  Two two;
  counts(two.b, two.a.beat(asking(1), Instant{30}), 30);
  two.b.note();
  const std::string old = two.b.beat(kStandby, Instant{31});
  counts(two.b, two.a.beat(asking(2), Instant{32}), 32);
  CHECK(two.b.is_asked(kTerm));
  CHECK(counts(two.a, old, 33));
  CHECK_FALSE(two.a.has_noted(2));
  // Nor to another life of the primary that counts from 1 again.
  Heartbeat again = node(1, 101);
  counts(two.b, again.beat(asking(1), Instant{40}), 40);
  CHECK(counts(again, two.b.beat(kStandby, Instant{41}), 41));
  CHECK_FALSE(again.has_noted(1));
  CHECK(counts(two.b, again.beat(asking(1), Instant{42}), 42));
  CHECK(two.b.is_asked(kTerm));
}

TEST_CASE("nobody is asked by who does not lead") {
  Two two;
  Beat former = asking(1);
  former.leads = false;
  CHECK(counts(two.b, two.a.beat(former, Instant{30}), 30));
  CHECK_FALSE(two.b.is_asked(kTerm));
}
