#include "session/rows.hpp"
#include "tests/session/mutations.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using tests::kAnn;
using tests::opened;
using tests::queued;
using tests::stored;

namespace {

constexpr std::uint64_t kNothing = 0;

MessageId id_of(std::uint64_t id) {
  return static_cast<MessageId>(id);
}

bool in_memory(const State& state, std::uint64_t id) {
  return state.stored(id_of(id))->body != nullptr;
}

// One digit a message, from 1 on: 1 if its body is in memory.
std::string bodies(const State& state, std::uint64_t count) {
  std::string digits;
  for (std::uint64_t id = 1; id <= count; ++id) digits += in_memory(state, id) ? '1' : '0';
  return digits;
}

std::uint64_t cost(const State& state, std::uint64_t id) {
  return body_cost(*state.stored(id_of(id)));
}

void write_tables(State& state) {
  (void)state.collect_changes({});
  state.tables_written();
}

// One session with messages 1 to `count` in its queue, of 100 bytes each.
State waiting(std::uint64_t count) {
  State state;
  state.apply(opened(kAnn, "ann"));
  for (std::uint64_t id = 1; id <= count; ++id) {
    state.apply(stored(id, "t", std::string(99, 'p')));
    state.apply(queued(kAnn, id, id - 1));
  }
  return state;
}

}  // namespace

TEST_CASE("of the bodies that are in the tables the youngest leave first, as many as it takes") {
  State state = waiting(5);
  write_tables(state);
  const std::uint64_t one = cost(state, 1);
  CHECK(state.body_bytes() == 5 * one);
  state.keep_bodies_within(5 * one);
  CHECK(bodies(state, 5) == "11111");
  state.keep_bodies_within(5 * one - 1);
  CHECK(bodies(state, 5) == "11110");
  CHECK(state.body_bytes() == 4 * one);
  state.keep_bodies_within(2 * one);
  CHECK(bodies(state, 5) == "11000");
  CHECK(state.check().empty());
}

TEST_CASE("a body that is not in the tables stays, also while it is being written") {
  State state = waiting(2);
  state.keep_bodies_within(kNothing);
  CHECK(bodies(state, 2) == "11");
  const TableChanges changes = state.collect_changes({});
  state.apply(stored(3, "t"));
  state.apply(queued(kAnn, 3, 2));
  state.keep_bodies_within(kNothing);
  CHECK(bodies(state, 3) == "111");
  state.tables_written();
  state.keep_bodies_within(kNothing);
  CHECK(bodies(state, 3) == "001");
  CHECK(changes.bodies.size() == 2);
  CHECK(state.check().empty());
}

TEST_CASE("a message that goes while it is being written takes its bytes along") {
  State state = waiting(2);
  (void)state.collect_changes({});
  state.apply(Discarded{kAnn, 0});
  state.tables_written();
  CHECK(state.body_bytes() == cost(state, 2));
  state.keep_bodies_within(kNothing);
  CHECK(state.body_bytes() == 0);
  state.apply(SessionEnded{kAnn});
  CHECK(state.body_bytes() == 0);
  CHECK(state.check().empty());
}

TEST_CASE("a retained message stays in memory until it is no longer its topic's") {
  State state = waiting(2);
  state.apply(RetainedSet{MessageId{1}});
  write_tables(state);
  state.keep_bodies_within(kNothing);
  CHECK(bodies(state, 2) == "10");
  CHECK(state.find_retained("t") != nullptr);
  SUBCASE("cleared") {
    state.apply(RetainedCleared{"t"});
  }
  SUBCASE("replaced") {
    state.apply(stored(3, "t"));
    state.apply(RetainedSet{MessageId{3}});
  }
  CHECK(in_memory(state, 1));
  state.keep_bodies_within(kNothing);
  CHECK_FALSE(in_memory(state, 1));
  CHECK(state.check().empty());
}

TEST_CASE("a message that its topic is given a second time is still retained") {
  State state = waiting(1);
  state.apply(RetainedSet{MessageId{1}});
  state.apply(RetainedSet{MessageId{1}});
  write_tables(state);
  state.keep_bodies_within(kNothing);
  CHECK(in_memory(state, 1));
  CHECK(state.check().empty());
}

TEST_CASE("a retained message that is replaced before it is written can leave later") {
  State state = waiting(1);
  state.apply(RetainedSet{MessageId{1}});
  state.apply(RetainedCleared{"t"});
  state.keep_bodies_within(kNothing);
  CHECK(in_memory(state, 1));
  write_tables(state);
  state.keep_bodies_within(kNothing);
  CHECK_FALSE(in_memory(state, 1));
}

TEST_CASE("where a body is makes no difference to the digest") {
  State state = waiting(3);
  const std::uint64_t before = state.digest();
  const MessageRef second = state.stored(MessageId{2})->body;
  write_tables(state);
  state.keep_bodies_within(kNothing);
  CHECK(state.digest() == before);
  state.take_body(second);
  CHECK(state.digest() == before);
  state.give_up_body(MessageId{3});
  CHECK(state.digest() == before);
}

TEST_CASE("what decisions need of a delivery is there without its body") {
  State state = waiting(1);
  Message message;
  message.id = id_of(2);
  message.topic = "t";
  message.payload = "1234";
  message.expires_at = Instant{50};
  state.apply(MessageStored{std::make_shared<const Message>(message)});
  state.apply(queued(kAnn, 2, 1));
  write_tables(state);
  state.keep_bodies_within(kNothing);
  const Outgoing& outgoing = state.session(kAnn)->outgoing;
  CHECK(outgoing[1].on_disk());
  CHECK(outgoing[1].size() == 5);
  CHECK(outgoing[1].expired_at(Instant{50}));
  CHECK_FALSE(outgoing[1].expired_at(Instant{49}));
  CHECK(outgoing.queued_bytes() == 105);
  state.apply(Sent{kAnn, 1});
  CHECK(outgoing.queued_bytes() == 5);
  CHECK(state.check().empty());
}

TEST_CASE("a body that was read back is in memory again, and leaves after the others") {
  State state = waiting(3);
  std::vector<MessageRef> away;
  for (std::uint64_t id = 1; id <= 3; ++id) away.push_back(state.stored(id_of(id))->body);
  write_tables(state);
  state.keep_bodies_within(kNothing);
  CHECK(state.body_bytes() == 0);
  for (const MessageRef& body : away) state.take_body(body);
  state.take_body(away[0]);  // Asked for twice.
  CHECK(bodies(state, 3) == "111");
  CHECK(state.body_bytes() == 3 * cost(state, 1));
  state.apply(stored(4, "t", std::string(99, 'p')));
  state.apply(queued(kAnn, 4, 3));
  write_tables(state);
  state.keep_bodies_within(3 * cost(state, 1));
  CHECK(bodies(state, 4) == "1110");
  CHECK(state.check().empty());
}

TEST_CASE("an answer for a message that is gone meanwhile changes nothing") {
  State state = waiting(1);
  const MessageRef body = state.stored(MessageId{1})->body;
  write_tables(state);
  state.keep_bodies_within(kNothing);
  state.apply(Discarded{kAnn, 0});
  state.take_body(body);
  state.give_up_body(MessageId{1});
  CHECK(state.message_count() == 0);
  CHECK(state.body_bytes() == 0);
  CHECK(state.check().empty());
}

TEST_CASE("only a body that is away can be lost") {
  State state = waiting(2);
  write_tables(state);
  state.keep_bodies_within(cost(state, 1));
  state.give_up_body(MessageId{1});
  state.give_up_body(MessageId{2});
  CHECK_FALSE(state.stored(MessageId{1})->lost);
  CHECK(state.stored(MessageId{2})->lost);
  CHECK(state.check().empty());
}
