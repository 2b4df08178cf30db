#include "session/outgoing.hpp"

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

TEST_CASE("[MQTT-2.2.1-3] a new packet id is the next that is not in use, never 0") {
  Outgoing outgoing;
  CHECK(outgoing.free_packet_id() == 1);
  outgoing.add(delivery(outgoing, QoS::at_least_once, 1));
  outgoing.add(delivery(outgoing, QoS::at_least_once, 65'535));
  CHECK(outgoing.free_packet_id() == 2);  // Round the end, past 1.
  outgoing.remove(0);
  CHECK(outgoing.free_packet_id() == 1);
}

TEST_CASE("what waits can be removed from the midst, and its bytes with it") {
  Outgoing outgoing;
  for (int i = 0; i < 3; ++i) outgoing.add(delivery(outgoing, QoS::at_least_once));
  outgoing.remove(1);
  CHECK(outgoing.queued_count() == 2);
  CHECK(outgoing.queued_bytes() == 10);
  CHECK(outgoing[1].sequence == 2);
}
