#include "session/outgoing.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include <doctest/doctest.h>

using namespace tandemq;
using mqtt::QoS;

namespace {

Delivery delivery(const Outgoing& outgoing, QoS qos, std::uint16_t packet_id = 0) {
  Message message;
  message.topic = "t";
  message.payload = "1234";
  Delivery out;
  out.sequence = outgoing.next_sequence();
  out.volatile_message = std::make_shared<const Message>(std::move(message));
  out.qos = qos;
  out.packet_id = packet_id;
  return out;
}

}  // namespace

TEST_CASE("a delivery with a packet id is in flight, one without waits behind it") {
  Outgoing outgoing;
  outgoing.add(delivery(outgoing, QoS::at_least_once, 1));
  outgoing.add(delivery(outgoing, QoS::at_least_once));
  CHECK(outgoing.inflight_count() == 1);
  CHECK(outgoing.queued_count() == 1);
  CHECK(outgoing.queued_bytes() == 5);
  CHECK(outgoing[0].phase == DeliveryPhase::sent);
  CHECK(outgoing[1].phase == DeliveryPhase::queued);
  CHECK(outgoing.find(1) == 1U);
  CHECK_FALSE(outgoing.find(2).has_value());
}

TEST_CASE("the oldest that waits is sent first; of QoS 0 nothing stays") {
  Outgoing outgoing;
  outgoing.add(delivery(outgoing, QoS::exactly_once));
  outgoing.add(delivery(outgoing, QoS::at_most_once));
  CHECK(outgoing.send(7).message() == nullptr);
  CHECK(outgoing.find_inflight(7) == 0U);
  CHECK(outgoing.queued_bytes() == 5);
  CHECK(outgoing.send(0).message() != nullptr);
  CHECK(outgoing.size() == 1);
  CHECK(outgoing.queued_bytes() == 0);
}

TEST_CASE("a released delivery keeps its place and gives its message back") {
  Outgoing outgoing;
  outgoing.add(delivery(outgoing, QoS::exactly_once, 1));
  outgoing.add(delivery(outgoing, QoS::exactly_once, 2));
  CHECK(outgoing.release(0).message() != nullptr);
  CHECK(outgoing[0].phase == DeliveryPhase::released);
  CHECK(outgoing[0].message() == nullptr);
  outgoing.remove(0);
  CHECK(outgoing.inflight_count() == 1);
  CHECK(outgoing[0].packet_id == 2);
}

TEST_CASE("[MQTT-2.2.1-4] a new packet id is the next that is not in use, never 0") {
  Outgoing outgoing;
  CHECK(outgoing.free_packet_id() == 1);
  outgoing.add(delivery(outgoing, QoS::at_least_once, 1));
  outgoing.add(delivery(outgoing, QoS::at_least_once, 65'535));
  CHECK(outgoing.free_packet_id() == 2);  // Round the end, past 1.
  outgoing.remove(0);
  CHECK(outgoing.free_packet_id() == 1);
}

TEST_CASE(
    "[MQTT-2.2.1-4] ids go round past those that are still in flight, in whatever order they end") {
  std::mt19937 random(7);
  for (const std::size_t window : {1U, 3U, 100U, 2'000U}) {
    Outgoing outgoing;
    std::set<std::uint16_t> taken;
    std::uint16_t last = 0;
    for (int i = 0; i < 150'000; ++i) {
      std::uint16_t expected = last;
      do {
        expected = expected == UINT16_MAX ? 1 : static_cast<std::uint16_t>(expected + 1);
      } while (taken.count(expected) > 0);
      const std::uint16_t id = outgoing.free_packet_id();
      REQUIRE(id == expected);
      outgoing.add(delivery(outgoing, QoS::at_least_once, id));
      taken.insert(last = id);
      if (taken.size() < window) continue;
      // Mostly the oldest, sometimes any: some stay for many rounds.
      const std::size_t end =
          i % 16 == 0 ? random() % taken.size() : std::min<std::size_t>(1, window - 1);
      const std::uint16_t ended = outgoing[end].packet_id;
      REQUIRE(outgoing.find_inflight(ended) == end);
      outgoing.remove(end);
      taken.erase(ended);
      REQUIRE_FALSE(outgoing.find_inflight(ended).has_value());
    }
  }
}

TEST_CASE("a window of all ids has none left") {
  Outgoing outgoing;
  for (std::uint32_t i = 1; i <= UINT16_MAX; ++i)
    outgoing.add(delivery(outgoing, QoS::at_least_once, outgoing.free_packet_id()));
  CHECK(outgoing.inflight_count() == UINT16_MAX);
  CHECK(outgoing.free_packet_id() == 0);
  CHECK(outgoing.find_inflight(UINT16_MAX) == UINT16_MAX - 1U);
  CHECK(outgoing.find_inflight(1) == 0U);
  outgoing.remove(40'000);
  CHECK(outgoing.free_packet_id() == 40'001);
}

TEST_CASE("what waits can be removed from the midst, and its bytes with it") {
  Outgoing outgoing;
  for (int i = 0; i < 3; ++i) outgoing.add(delivery(outgoing, QoS::at_least_once));
  outgoing.remove(1);
  CHECK(outgoing.queued_count() == 2);
  CHECK(outgoing.queued_bytes() == 10);
  CHECK(outgoing[1].sequence == 2);
}
