#include "mqtt/encode.hpp"
#include "net/hub.hpp"
#include "tests/net/loopback.hpp"

#include <chrono>
#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

std::string numbered_publish(int number) {
  mqtt::Publish packet;
  packet.topic = "t";
  packet.payload = std::to_string(number);
  std::string bytes;
  mqtt::encode(mqtt::Packet(std::move(packet)), mqtt::Version::v311, bytes);
  return bytes;
}

std::string many(int from, int to) {
  std::string bytes;
  for (int i = from; i < to; ++i) bytes += numbered_publish(i);
  return bytes;
}

// In the order in which they came.
bool are_all(const tests::Loopback& loop, int count) {
  int next = 0;
  for (const Event& event : loop.events) {
    const auto* received = std::get_if<Received>(&event);
    if (received == nullptr) continue;
    if (std::get<mqtt::Publish>(received->packet).payload != std::to_string(next++)) return false;
  }
  return next == count;
}

LimitsConfig one_a_second() {
  LimitsConfig limits;
  limits.message_rate = 1;
  return limits;
}

// A publisher that has sent fifty messages at once.
std::unique_ptr<tests::Peer> slowed_down(tests::Loopback& loop) {
  auto fast = loop.connect();
  fast->send(many(0, 50));
  REQUIRE(loop.run_until([&] { return loop.count<Throttled>() == 1; }));
  return fast;
}

}  // namespace

TEST_CASE("a publisher that is too fast is slowed down, and loses nothing") {
  LimitsConfig limits;
  limits.message_rate = 100;
  tests::Loopback loop(limits);
  auto fast = loop.connect();
  const auto began = std::chrono::steady_clock::now();
  fast->send(many(0, 120));
  REQUIRE(loop.run_until([&] { return loop.count<Received>() >= 100; }));
  CHECK(loop.count<Received>() < 120);
  fast->send(many(120, 130));
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 130; }));
  // 100 at once, the others ten milliseconds apart.
  CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(290));
  CHECK(are_all(loop, 130));
  CHECK(loop.count<Throttled>() > 0);
  CHECK_FALSE(loop.last<Throttled>().by_bytes);
}

TEST_CASE("what a publisher sent before it closed is taken before its end") {
  LimitsConfig limits;
  limits.byte_rate = 600;
  tests::Loopback loop(limits);
  auto fast = loop.connect();
  fast->send(many(0, 100));
  fast->close();
  REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 1; }));
  CHECK(are_all(loop, 100));
  CHECK(loop.last<Throttled>().by_bytes);
}

TEST_CASE("a publisher that is closed while it is slowed down is gone at once") {
  tests::Loopback loop(one_a_second());
  const auto fast = slowed_down(loop);
  loop.put_out(loop.last<Throttled>().connection, Close{"an operator"});
  REQUIRE(loop.run_until([&] { return !fast->read(); }));
  fast->close();
  REQUIRE(loop.run_until([&] { return loop.count<Closed>() == 1; }));
  CHECK(loop.last<Closed>().why == "an operator");
  CHECK(loop.hub.counters().connections == 0);
  CHECK(loop.hub.counters().by_listener[0] == 0);
}

TEST_CASE("new limits free a publisher that was slowed down") {
  tests::Loopback loop(one_a_second());
  const auto fast = slowed_down(loop);
  loop.hub.set_limits(LimitsConfig{});
  REQUIRE(loop.run_until([&] { return loop.count<Received>() == 50; }));
  CHECK(are_all(loop, 50));
}

}  // namespace tandemq
