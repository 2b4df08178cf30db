#include "core/materialiser.hpp"

#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

constexpr Instant kStart{1'000'000};
constexpr auto kAnn = static_cast<SessionId>(1);

Position at(Lsn lsn) {
  return {{1, 1}, lsn, lsn};
}

void open(State& state) {
  state.apply(SessionOpened{kAnn, "ann", "", 60, kStart, true});
}

void queue(State& state, std::uint64_t sequence, std::size_t size) {
  Message message;
  message.id = state.next_message_id();
  message.topic = "t";
  message.payload = std::string(size, 'p');
  Queued queued;
  queued.session = kAnn;
  queued.sequence = sequence;
  queued.message = message.id;
  queued.qos = mqtt::QoS::at_least_once;
  state.apply(MessageStored{std::make_shared<const Message>(std::move(message))});
  state.apply(queued);
}

}  // namespace

TEST_CASE("where the log stands as the tables do there is nothing to write") {
  State state;
  const Materialiser materialiser(state, 7);
  CHECK_FALSE(materialiser.due(7, kStart));
  CHECK(materialiser.next_due(7).is_never());
}

TEST_CASE("what the tables lack at the start is written at once") {
  State state;
  const Materialiser materialiser(state, 7);
  CHECK(materialiser.due(8, kStart));
  CHECK(materialiser.next_due(8) <= kStart);
}

TEST_CASE("a round follows a second after the one before began, if there is something new") {
  State state;
  open(state);
  Materialiser materialiser(state, 0);
  materialiser.collect(at(1), kStart);
  REQUIRE(materialiser.take(1).has_value());
  materialiser.written();
  CHECK_FALSE(materialiser.due(1, kStart.plus_ms(5'000)));
  CHECK(materialiser.next_due(1).is_never());
  CHECK_FALSE(materialiser.due(2, kStart.plus_ms(999)));
  CHECK(materialiser.next_due(2) == kStart.plus_ms(1'000));
  CHECK(materialiser.due(2, kStart.plus_ms(1'000)));
}

TEST_CASE("much to write does not wait: 4096 rows, or bodies of 4 MB") {
  State state;
  open(state);
  Materialiser materialiser(state, 0);
  materialiser.collect(at(1), kStart);
  REQUIRE(materialiser.take(1).has_value());
  materialiser.written();
  SUBCASE("rows") {
    // A row for the message and one for the delivery.
    for (std::uint64_t i = 0; i < 2'047; ++i) queue(state, i, 1);
    CHECK_FALSE(materialiser.due(2, kStart));
    queue(state, 2'047, 1);
    CHECK(materialiser.due(2, kStart));
  }
  SUBCASE("bytes") {
    for (std::uint64_t i = 0; i < 4; ++i) queue(state, i, 999'998);
    CHECK_FALSE(materialiser.due(2, kStart));
    queue(state, 4, 3);
    CHECK(materialiser.due(2, kStart));
  }
}

TEST_CASE("a round can be taken when its position is committed, once") {
  State state;
  open(state);
  Materialiser materialiser(state, 0);
  CHECK_FALSE(materialiser.take(9).has_value());
  materialiser.collect(at(5), kStart);
  CHECK_FALSE(materialiser.take(4).has_value());
  const auto changes = materialiser.take(5);
  REQUIRE(changes.has_value());
  CHECK(changes->at == at(5));
  CHECK_FALSE(materialiser.take(6).has_value());
}

TEST_CASE("while a round is under way no other begins, however much there is") {
  State state;
  open(state);
  Materialiser materialiser(state, 0);
  materialiser.collect(at(1), kStart);
  const auto nothing_begins = [&] {
    CHECK(materialiser.under_way());
    CHECK_FALSE(materialiser.due(2, kStart.plus_ms(9'000)));
    CHECK(materialiser.next_due(2).is_never());
  };
  for (std::uint64_t i = 0; i < 3'000; ++i) queue(state, i, 1);
  nothing_begins();
  REQUIRE(materialiser.take(1).has_value());
  nothing_begins();
  materialiser.written();
  CHECK_FALSE(materialiser.under_way());
  CHECK(materialiser.due(2, kStart));
}

TEST_CASE("what was written may leave memory") {
  State state;
  open(state);
  queue(state, 0, 100);
  Materialiser materialiser(state, 0);
  materialiser.collect(at(1), kStart);
  state.keep_bodies_within(0);
  CHECK(state.body_bytes() > 0);
  REQUIRE(materialiser.take(1).has_value());
  materialiser.written();
  state.keep_bodies_within(0);
  CHECK(state.body_bytes() == 0);
}
