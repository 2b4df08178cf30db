#include "session/state.hpp"

#include <initializer_list>
#include <string>
#include <utility>

#include <doctest/doctest.h>

using namespace tandemq;
using mqtt::QoS;

namespace {

constexpr auto kAnn = static_cast<SessionId>(1);
constexpr auto kBob = static_cast<SessionId>(2);

SessionOpened opened(SessionId id, std::string client_id, bool durable = true) {
  return {id, std::move(client_id), "", 60, Instant{1}, durable};
}

MessageStored stored(std::uint64_t id, std::string topic, std::string payload = "x") {
  Message message;
  message.id = static_cast<MessageId>(id);
  message.topic = std::move(topic);
  message.payload = std::move(payload);
  return {std::make_shared<const Message>(std::move(message))};
}

Queued queued(SessionId session, std::uint64_t message, std::uint16_t packet_id = 0,
              std::uint64_t sequence = 0) {
  Queued out;
  out.session = session;
  out.sequence = sequence;
  out.message = static_cast<MessageId>(message);
  out.qos = QoS::exactly_once;
  out.packet_id = packet_id;
  return out;
}

// Two sessions, one subscription, one message that waits for both.
State sample() {
  State state;
  state.apply(opened(kAnn, "ann"));
  state.apply(opened(kBob, "bob"));
  state.apply(Subscribed{kAnn, "t/#", 1, 7});
  state.apply(stored(1, "t/1"));
  state.apply(queued(kAnn, 1, 1));
  state.apply(queued(kBob, 1));
  return state;
}

}  // namespace

TEST_CASE("a message lives as long as a delivery or a retained topic refers to it") {
  State state = sample();
  state.apply(RetainedSet{static_cast<MessageId>(1)});
  state.apply(Released{kAnn, 1});
  state.apply(SessionEnded{kBob});
  CHECK(state.message_count() == 1);
  CHECK(state.holds(static_cast<MessageId>(1)));
  state.apply(RetainedCleared{"t/1"});
  CHECK(state.message_count() == 0);
  CHECK_FALSE(state.holds(static_cast<MessageId>(1)));
  state.apply(Acknowledged{kAnn, 1});
  CHECK(state.check().empty());
}

TEST_CASE("what is in flight is counted from its sending to its acknowledgement") {
  State state = sample();
  CHECK(state.inflight_count() == 1);
  state.apply(Sent{kBob, 9});
  CHECK(state.inflight_count() == 2);
  CHECK(state.queued_count() == 0);
  state.apply(Released{kAnn, 1});
  CHECK(state.inflight_count() == 2);
  state.apply(Acknowledged{kAnn, 1});
  state.apply(Discarded{kBob, 0});
  CHECK(state.inflight_count() == 0);
  CHECK(state.check().empty());
}

TEST_CASE("only sessions that outlive their connection are counted as durable") {
  State state = sample();
  state.apply(opened(static_cast<SessionId>(3), "eve", false));
  CHECK(state.session_count() == 3);
  CHECK(state.durable_count() == 2);
  CHECK(state.check().empty());
}

TEST_CASE("the end of a session takes its subscriptions, and its id is free again") {
  State state = sample();
  state.apply(SessionEnded{kAnn});
  CHECK(state.subscriptions().size() == 0);
  CHECK(state.find_session("ann") == nullptr);
  CHECK(state.free_session_id() == kAnn);
  CHECK(state.queued_count() == 1);
  CHECK(state.inflight_count() == 0);
  CHECK(state.durable_count() == 1);
  state.apply(SessionEnded{kBob});
  CHECK(state.queued_count() == 0);
  CHECK(state.message_count() == 0);
  CHECK(state.check().empty());
}

TEST_CASE("a replica may see an id that leaves a gap: those of sessions that are not durable") {
  State state;
  state.apply(opened(static_cast<SessionId>(5), "e"));
  CHECK(state.free_session_id() == kAnn);
  CHECK(state.check().empty());
}

TEST_CASE("a retained message replaces the one before") {
  State state;
  state.apply(stored(1, "t", "one"));
  state.apply(RetainedSet{static_cast<MessageId>(1)});
  state.apply(stored(2, "t", "second"));
  state.apply(RetainedSet{static_cast<MessageId>(2)});
  CHECK(state.find_retained("t")->payload == "second");
  CHECK(state.message_count() == 1);
  CHECK(state.retained_bytes() == 7);
  CHECK(state.check().empty());
}

TEST_CASE("QoS 2 ids that were taken are known until they are released, in any order") {
  State state = sample();
  for (const std::uint16_t id : std::initializer_list<std::uint16_t>{9, 3, 7})
    state.apply(IncomingTaken{kAnn, id});
  CHECK(state.session(kAnn)->has_incoming(3));
  state.apply(IncomingReleased{kAnn, 3});
  CHECK_FALSE(state.session(kAnn)->has_incoming(3));
  CHECK(state.session(kAnn)->has_incoming(9));
  CHECK(state.check().empty());
}

TEST_CASE("a will is due never while its client is connected, then when it was scheduled") {
  State state;
  WillSet will;
  will.client_id = "ann";
  will.message = stored(0, "w").message;
  state.apply(will);
  CHECK(state.wills().find("ann")->second.at.is_never());
  state.apply(WillScheduled{"ann", Instant{50}});
  CHECK(state.wills().find("ann")->second.at == Instant{50});
  state.apply(will);
  CHECK(state.wills().find("ann")->second.at.is_never());
  state.apply(WillCleared{"ann"});
  CHECK(state.wills().empty());
}

TEST_CASE("the digest is of all that is durable, and of nothing else") {
  const std::uint64_t before = sample().digest();
  CHECK(sample().digest() == before);
  State state = sample();
  state.apply(opened(static_cast<SessionId>(3), "volatile", false));
  state.apply(Subscribed{static_cast<SessionId>(3), "x", 0, 0});
  CHECK(state.digest() == before);
  const std::vector<Mutation> changes = {Subscribed{kAnn, "t/#", 2, 7},
                                         Unsubscribed{kAnn, "t/#"},
                                         Sent{kBob, 1},
                                         Released{kAnn, 1},
                                         Discarded{kBob, 0},
                                         IncomingTaken{kBob, 1},
                                         RetainedSet{MessageId{1}},
                                         SessionSuspended{kBob, 60, Instant{9}},
                                         SessionResumed{kBob, "u", 60, Instant{9}},
                                         SessionEnded{kAnn},
                                         TermStart{{1, 1}, 1}};
  for (const Mutation& change : changes) {
    State changed = sample();
    changed.apply(change);
    INFO("mutation ", change.index());
    CHECK(changed.digest() != before);
    CHECK(changed.check().empty());
  }
}

TEST_CASE("the digest of a few sessions is of what waits for them, and not of the others") {
  const std::size_t ann = index(kAnn);
  const std::size_t bob = index(kBob);
  const State before = sample();
  for (const Mutation& change : std::initializer_list<Mutation>{
           Subscribed{kAnn, "t/#", 2, 7}, Released{kAnn, 1}, IncomingTaken{kAnn, 1},
           SessionSuspended{kAnn, 60, Instant{9}}}) {
    State changed = sample();
    changed.apply(change);
    INFO("mutation ", change.index());
    CHECK(changed.digest(ann, ann + 1) != before.digest(ann, ann + 1));
    CHECK(changed.digest(0, 100) != before.digest(0, 100));
    CHECK(changed.digest(bob, bob + 1) == before.digest(bob, bob + 1));
  }
}

TEST_CASE("the digest of a few sessions is of the bodies that wait for them") {
  const auto with_payload = [](const char* payload) {
    State state;
    state.apply(opened(kAnn, "ann"));
    state.apply(stored(1, "t", payload));
    state.apply(queued(kAnn, 1));
    return state;
  };
  const State one = with_payload("one");
  CHECK(one.digest(1, 2) == with_payload("one").digest(1, 2));
  CHECK(one.digest(1, 2) != with_payload("two").digest(1, 2));
  CHECK(one.digest(2, 3) == with_payload("two").digest(2, 3));
}

TEST_CASE("of a long queue the digest of a few sessions has both ends, and the count") {
  constexpr std::uint64_t kCount = 3 * kDigestedEnds;
  const auto without = [](std::uint64_t sequence) {
    State state;
    state.apply(opened(kAnn, "ann"));
    state.apply(stored(1, "t"));
    for (std::uint64_t i = 0; i <= kCount; ++i)
      if (i != sequence) state.apply(queued(kAnn, 1, 0, i));
    return state.digest(1, 2);
  };
  const std::uint64_t middle = without(kCount / 2);
  CHECK(without(kCount) != middle);
  CHECK(without(0) != middle);
  CHECK(without(UINT64_MAX) != middle);
}

TEST_CASE("the digest of a few sessions counts all else") {
  const State before = sample();
  for (const Mutation& change : std::initializer_list<Mutation>{
           stored(2, "t/2"), RetainedSet{MessageId{1}},
           WillSet{"ann", "u", 0, {}, stored(0, "w").message}, TermStart{{1, 1}, 8}}) {
    State changed = sample();
    changed.apply(change);
    INFO("mutation ", change.index());
    CHECK(changed.digest(1, 1) != before.digest(1, 1));
  }
}

TEST_CASE("the digest of a few sessions is the same with bodies in memory and without") {
  State state = sample();
  const std::uint64_t before = state.digest(0, 3);
  (void)state.collect_changes({});
  state.tables_written();
  state.keep_bodies_within(0);
  REQUIRE(state.body_bytes() == 0);
  CHECK(state.digest(0, 3) == before);
}

TEST_CASE("a session that ends with its connection is in no digest of a few") {
  State state = sample();
  const std::uint64_t before = state.digest(0, 100);
  state.apply(opened(static_cast<SessionId>(3), "volatile", false));
  state.apply(Subscribed{static_cast<SessionId>(3), "x", 0, 0});
  CHECK(state.digest(0, 100) == before);
}

TEST_CASE("a State knows which term began where, and forgets the oldest of very many") {
  State state;
  CHECK(state.terms().empty());
  for (std::uint64_t i = 1; i <= kTermsKept; ++i) state.apply(TermStart{{i, 7}, i * 10});
  REQUIRE(state.terms().size() == kTermsKept);
  CHECK(state.terms().front() == TermBegin{{1, 7}, 10});
  state.apply(TermStart{{kTermsKept + 1, 3}, 5'000});
  REQUIRE(state.terms().size() == kTermsKept);
  CHECK(state.terms().front() == TermBegin{{2, 7}, 20});
  CHECK(state.terms().back() == TermBegin{{kTermsKept + 1, 3}, 5'000});
  CHECK(state.check().empty());
}
