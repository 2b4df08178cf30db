#include "tests/session/mutations.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using tests::kAnn;
using tests::kBob;
using tests::Luck;
using tests::opened;
using tests::queued;
using tests::RandomSteps;
using tests::stored;
using tests::will_of;

namespace {

constexpr auto kNobody = static_cast<SessionId>(9);

// Ann has sent (1), released (2) and queued (sequence 2) deliveries, Bob has an empty queue.
State sample() {
  State state;
  for (const Mutation& mutation : std::initializer_list<Mutation>{
           opened(kAnn, "ann"), opened(kBob, "bob"), stored(1, "t"), queued(kAnn, 1, 0, 1),
           queued(kAnn, 1, 1, 2), queued(kAnn, 1, 2), Released{kAnn, 2}, IncomingTaken{kAnn, 5},
           will_of("ann"), TermStart{{3, 7}, 1}})
    state.apply(mutation);
  return state;
}

Queued of_qos(Queued queue, mqtt::QoS qos) {
  queue.qos = qos;
  return queue;
}

struct Row {
  Mutation mutation;
  std::string_view objection;
};

}  // namespace

TEST_CASE("what does not fit is told, of each kind of mutation") {
  SessionOpened zero = opened(SessionId::none, "new");
  SessionOpened far = opened(static_cast<SessionId>(kSessionSlotsMax + 1), "new");
  for (const Row& row : std::initializer_list<Row>{
           {zero, "its session id is not valid"},
           {far, "its session id is not valid"},
           {opened(kAnn, "new"), "its session id is in use"},
           {opened(kNobody, "bob"), "its client has a session already"},
           {SessionResumed{kNobody, "", 1, {}}, "its session is missing"},
           {SessionSuspended{kNobody, 1, {}}, "its session is missing"},
           {SessionEnded{kNobody}, "its session is missing"},
           {SessionEnded{static_cast<SessionId>(0xFFFFFFFF)}, "its session is missing"},
           {Subscribed{kNobody, "t", 0, 0}, "its session is missing"},
           {Subscribed{kAnn, "t", 3, 0}, "its options are not valid"},
           {Unsubscribed{kNobody, "t"}, "its session is missing"},
           {stored(1, "t"), "a later message is there already"},
           {queued(kNobody, 1, 3), "its session is missing"},
           {queued(kAnn, 2, 3), "its message is missing"},
           {queued(kAnn, 1, 2), "a later delivery is there already"},
           {queued(kAnn, 1, 3, 7), "others wait before it"},
           {of_qos(queued(kBob, 1, 0, 7), mqtt::QoS::at_most_once), "QoS 0 has no packet id"},
           {Sent{kNobody, 1}, "its session is missing"},
           {Sent{kBob, 1}, "its delivery is missing"},
           {Sent{kAnn, 0}, "its QoS is another"},
           {Sent{kAnn, 1}, "its packet id is in use"},
           {Released{kNobody, 1}, "its session is missing"},
           {Released{kAnn, 3}, "its delivery is missing"},
           {Released{kAnn, 2}, "its delivery is missing"},
           {Acknowledged{kNobody, 1}, "its session is missing"},
           {Acknowledged{kAnn, 3}, "its delivery is missing"},
           {Discarded{kNobody, 0}, "its session is missing"},
           {Discarded{kAnn, 3}, "its delivery is missing"},
           {IncomingTaken{kNobody, 1}, "its session is missing"},
           {IncomingTaken{kAnn, 5}, "its packet id is taken already"},
           {IncomingReleased{kNobody, 5}, "its session is missing"},
           {IncomingReleased{kAnn, 6}, "its packet id was not taken"},
           {RetainedSet{MessageId{2}}, "its message is missing"},
           {WillScheduled{"bob", {}}, "its will is missing"},
           {TermStart{{3, 7}, 2}, "a later term has begun already"},
           {TermStart{{3, 6}, 2}, "a later term has begun already"},
           {TermStart{{2, 8}, 2}, "a later term has begun already"}}) {
    INFO("mutation ", row.mutation.index());
    CHECK(sample().objection_to(row.mutation) == row.objection);
  }
}

TEST_CASE("what fits has no objection and can be applied, of each kind of mutation") {
  for (const Mutation& mutation :
       std::initializer_list<Mutation>{opened(kNobody, "new"),
                                       SessionResumed{kAnn, "u", 1, {}},
                                       SessionSuspended{kAnn, 1, {}},
                                       SessionEnded{kAnn},
                                       Subscribed{kAnn, "t", 2, 7},
                                       Unsubscribed{kAnn, "t"},
                                       Unsubscribed{kAnn, "never subscribed"},
                                       queued(kAnn, 1, 3),
                                       queued(kAnn, 1, 30),
                                       queued(kBob, 1, 0, 1),
                                       of_qos(queued(kBob, 1, 0), mqtt::QoS::at_most_once),
                                       Sent{kAnn, 3},
                                       Released{kAnn, 1},
                                       Acknowledged{kAnn, 1},
                                       Acknowledged{kAnn, 2},
                                       Discarded{kAnn, 0},
                                       Discarded{kAnn, 1},
                                       Discarded{kAnn, 2},
                                       IncomingTaken{kAnn, 6},
                                       IncomingReleased{kAnn, 5},
                                       RetainedSet{MessageId{1}},
                                       RetainedCleared{"nothing"},
                                       will_of("bob"),
                                       WillScheduled{"ann", Instant{3}},
                                       WillCleared{"ann"},
                                       WillCleared{"nobody"},
                                       TermStart{{3, 8}, 2},
                                       TermStart{{4, 1}, 2}}) {
    INFO("mutation ", mutation.index());
    State state = sample();
    CHECK(state.objection_to(mutation).empty());
    state.apply(mutation);
    CHECK(state.check().empty());
  }
  State state = sample();
  CHECK(state.objection_to(stored(2, "t")).empty());
  CHECK(state.objection_to(stored(200, "t")).empty());
}

TEST_CASE("a packet id in flight speaks against another delivery with it") {
  State state = sample();
  state.apply(Sent{kAnn, 3});
  CHECK(state.objection_to(queued(kAnn, 1, 3, 3)) == "its packet id is in use");
  CHECK(state.objection_to(queued(kAnn, 1, 3, 4)).empty());
}

TEST_CASE("QoS 0 that waits is sent without a packet id only") {
  State state = sample();
  state.apply(of_qos(queued(kBob, 1, 0), mqtt::QoS::at_most_once));
  CHECK(state.objection_to(Sent{kBob, 1}) == "its QoS is another");
  CHECK(state.objection_to(Sent{kBob, 0}).empty());
  state.apply(Sent{kBob, 0});
  CHECK(state.check().empty());
}

TEST_CASE("a topic cannot be given a message whose body is on disk only") {
  State state = sample();
  (void)state.collect_changes({});
  state.tables_written();
  state.keep_bodies_within(0);
  CHECK(state.objection_to(RetainedSet{MessageId{1}}) == "its message is missing");
  CHECK(state.objection_to(queued(kBob, 1, 0)).empty());
}

TEST_CASE("of a log that is whole there is no objection to anything") {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    INFO("seed ", seed);
    State state;
    RandomSteps steps(seed, false);
    for (int i = 0; i < 300; ++i) {
      for (const Mutation& mutation : steps.next(state)) {
        const std::string objection = state.objection_to(mutation);
        CHECK_MESSAGE(objection.empty(), objection);
        state.apply(mutation);
      }
    }
  }
}

// Behind a hole in the log: what refers to what the hole held is passed over, and the rest leaves a
// State that is whole but for messages nobody waits for.
TEST_CASE("of a log with holes, what has no objection can be applied") {
  std::size_t passed_over = 0;
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    INFO("seed ", seed);
    State whole;
    State behind;
    RandomSteps steps(seed, false);
    Luck luck(seed + 1'000);
    for (int i = 0; i < 300; ++i) {
      const bool hole = luck.once_in(20);
      for (const Mutation& mutation : steps.next(whole)) {
        whole.apply(mutation);
        if (hole) continue;
        if (behind.objection_to(mutation).empty()) {
          behind.apply(mutation);
        } else {
          ++passed_over;
        }
      }
    }
    behind.finish_restore();
    const auto broken = behind.check();
    CHECK_MESSAGE(broken.empty(), (broken.empty() ? "" : broken[0]));
  }
  CHECK(passed_over > 100);
}
