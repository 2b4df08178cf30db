#include "node/split_outputs.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

constexpr ConnectionId connection(std::uint8_t sink, std::uint32_t slot) {
  return make_connection_id(sink, 1, slot);
}

MessageRef message_on(const std::string& topic) {
  auto message = std::make_shared<Message>();
  message->topic = topic;
  return message;
}

void add(Outputs& outputs, ConnectionId to, std::uint32_t body) {
  outputs.list.emplace_back();
  outputs.list.back().connection = to;
  outputs.list.back().action.emplace<Deliver>().body = body;
}

std::string topic_of(const Outputs& outputs, std::size_t i) {
  return outputs.bodies[std::get<Deliver>(outputs.list[i].action).body]->topic;
}

}  // namespace

TEST_CASE("each sink gets its outputs in their order, with the bodies that they mean") {
  Outputs outputs;
  outputs.bodies = {message_on("a"), message_on("b")};
  add(outputs, connection(0, 1), 0);
  add(outputs, connection(2, 1), 0);
  add(outputs, connection(0, 2), 0);
  add(outputs, connection(2, 9), 1);
  outputs.list.emplace_back();
  outputs.list.back().connection = connection(0, 1);
  outputs.list.back().action.emplace<Close>().why = "end";
  CHECK_FALSE(have_one_sink(outputs));
  std::vector<Outputs> by_sink;
  split_outputs(std::move(outputs), by_sink);
  REQUIRE(by_sink.size() == 3);
  CHECK(by_sink[1].empty());
  REQUIRE(by_sink[0].list.size() == 3);
  CHECK(by_sink[0].list[0].connection == connection(0, 1));
  CHECK(topic_of(by_sink[0], 0) == "a");
  CHECK(topic_of(by_sink[0], 1) == "a");
  CHECK(std::get<Close>(by_sink[0].list[2].action).why == "end");
  CHECK(by_sink[0].bodies.size() == 1);  // One reference for both receivers.
  REQUIRE(by_sink[2].list.size() == 2);
  CHECK(topic_of(by_sink[2], 0) == "a");
  CHECK(topic_of(by_sink[2], 1) == "b");
}

TEST_CASE("outputs of two batches to one sink keep their bodies apart") {
  std::vector<Outputs> by_sink;
  for (const char* topic : {"first", "second"}) {
    Outputs outputs;
    outputs.bodies = {message_on(topic)};
    add(outputs, connection(0, 1), 0);
    CHECK(have_one_sink(outputs));
    split_outputs(std::move(outputs), by_sink);
  }
  REQUIRE(by_sink[0].list.size() == 2);
  CHECK(topic_of(by_sink[0], 0) == "first");
  CHECK(topic_of(by_sink[0], 1) == "second");
}

}  // namespace tandemq
