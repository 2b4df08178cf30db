#include "session/state.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("an empty State is whole") {
  CHECK(State{}.check().empty());
  CHECK(State{}.digest() == State{}.digest());
}

TEST_CASE("a message to which nothing refers is found") {
  State state;
  Message message;
  message.id = static_cast<MessageId>(1);
  state.apply(MessageStored{std::make_shared<const Message>(std::move(message))});
  CHECK_FALSE(state.check().empty());
}

TEST_CASE("a durable session that waits for a message outside the log is found") {
  State state;
  const auto id = static_cast<SessionId>(1);
  state.apply(SessionOpened{id, "c", "", 9, Instant{1}, true});
  Queued queued;
  queued.session = id;
  queued.qos = mqtt::QoS::at_least_once;
  queued.volatile_message = std::make_shared<const Message>();
  state.apply(queued);
  CHECK(state.check() == std::vector<std::string>{"c: not in the log"});
}
