#include "broker/deliver.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::ReasonCode;
using Lines = std::vector<std::string>;

TEST_CASE("a message is delivered with the lower QoS of PUBLISH and subscription") {
  Lab lab;
  Client& low = lab.join(v5("low"));
  low.subscribe("t", 0);
  Client& high = lab.join(v5("high"));
  high.subscribe("t", 2);
  Client& publisher = lab.join(v5("p"));
  for (int qos = 0; qos < 3; ++qos) publisher.publish("t", std::to_string(qos), qos);
  CHECK(low.all() == Lines{"t 0", "t 1", "t 2"});
  CHECK(high.all() == Lines{"t 0", "t 1 q1 #1", "t 2 q2 #2"});
}

TEST_CASE(
    "[MQTT-4.4.0-1, MQTT-3.3.1-1] after a reconnect what is not acknowledged comes again, DUP, "
    "same ids") {
  Lab lab;
  Client& first = lab.join(v5("c", 100));
  first.subscribe("t", 2);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", "1", 1);
  publisher.publish("t", "2", 2);
  publisher.publish("t", "3", 2);
  first.send(ack(PacketType::pubrec, 3));
  CHECK(first.all() == Lines{"t 1 q1 #1", "t 2 q2 #2", "t 3 q2 #3", "PUBREL #3"});
  first.lose();
  publisher.publish("t", "4", 1);
  Client& again = lab.join(v5("c", 100));
  CHECK(again.all() == Lines{"t 1 q1 #1 dup", "t 2 q2 #2 dup", "PUBREL #3", "t 4 q1 #4"});
}

TEST_CASE("[MQTT-3.3.4-9] no more is sent unacknowledged than the client's Receive Maximum") {
  Lab lab;
  Client& client = lab.join(with(v5("c"), PropertyId::receive_maximum, 2U));
  client.subscribe("t", 2);
  Client& publisher = lab.join(v5("p"));
  for (int i = 1; i <= 4; ++i) publisher.publish("t", std::to_string(i), i == 1 ? 2 : 1);
  publisher.publish("t", "zero", 0);
  CHECK(client.all() == Lines{"t 1 q2 #1", "t 2 q1 #2", "t zero"});
  client.send(ack(PacketType::pubrec, 1));
  CHECK(client.all() == Lines{"PUBREL #1"});  // It counts until PUBCOMP.
  client.send(ack(PacketType::puback, 2));
  CHECK(client.all() == Lines{"t 3 q1 #3"});
  client.send(ack(PacketType::pubcomp, 1));
  CHECK(client.all() == Lines{"t 4 q1 #4"});
}

TEST_CASE("a window that is smaller after a reconnect lets out the old deliveries one by one") {
  Lab lab;
  Client& first = lab.join(v5("c", 100));
  first.subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  for (int i = 1; i <= 3; ++i) publisher.publish("t", std::to_string(i), 1);
  first.lose();
  Client& again = lab.join(with(v5("c", 100), PropertyId::receive_maximum, 1U));
  publisher.publish("t", "4", 1);
  CHECK(again.all() == Lines{"t 1 q1 #1 dup"});
  again.send(ack(PacketType::puback, 2));  // Not sent on this connection, but on the first.
  CHECK(again.all().empty());
  again.send(ack(PacketType::puback, 1));
  CHECK(again.all() == Lines{"t 3 q1 #3 dup"});
  again.send(ack(PacketType::puback, 3));
  CHECK(again.all() == Lines{"t 4 q1 #4"});
}

TEST_CASE(
    "[MQTT-3.1.2-24, -25] a message larger than the client takes is dropped, the publisher is not "
    "told") {
  Lab lab;
  Client& small = lab.join(with(v5("c", 100), PropertyId::maximum_packet_size, 40U));
  small.subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  CHECK(publisher.publish("t", std::string(60, 'x'), 1) == ReasonCode::success);
  CHECK(publisher.publish("t", "fits", 1) == ReasonCode::success);
  CHECK(small.next() == "t fits q1 #1");
  CHECK(lab.drops(DropReason::packet_too_large) == 1);
}

TEST_CASE("what waited and is too large for the connection is dropped then") {
  Lab lab;
  Client& first = lab.join(v5("c", 100));
  first.subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", std::string(60, 'x'), 1);
  first.lose();
  publisher.publish("t", std::string(60, 'y'), 1);
  Client& small = lab.join(with(v5("c", 100), PropertyId::maximum_packet_size, 40U));
  CHECK(small.next().empty());
  CHECK(lab.drops(DropReason::packet_too_large) == 2);
  CHECK(lab.state().message_count() == 0);
}

TEST_CASE("[MQTT-3.3.2-5, MQTT-3.3.2-6] a message expires in the queue; its interval counts down") {
  Lab lab;
  Client& first = lab.join(v5("c", 100));
  first.subscribe("t", 1);
  first.lose();
  Client& publisher = lab.join(v5("p"));
  const auto lasting = [](std::string_view payload, std::uint32_t s) {
    return with(message("t", payload, 1), PropertyId::message_expiry_interval, s);
  };
  publisher.publish(lasting("short", 1));
  publisher.publish(lasting("long", 6));
  lab.advance_s(3);
  Client& again = lab.join(v5("c", 100));
  CHECK(again.next() == "t long q1 #1 expiry=3");
  CHECK(lab.drops(DropReason::expired) == 1);
}

TEST_CASE("a message delivered at once has its whole expiry interval") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.subscribe("t");
  client.send(with(message("t", "x"), PropertyId::message_expiry_interval, 1U));
  CHECK(client.next() == "t x expiry=1");
}

TEST_CASE("QoS 0 for who is away is kept only if mqtt.queue_qos0 says so") {
  for (const bool kept : {false, true}) {
    Config config = quiet();
    config.mqtt.queue_qos0 = kept;
    Lab lab(config);
    Client& client = lab.join(v5("c", 100));
    client.subscribe("t", 1);
    client.lose();
    lab.join(v5("p")).publish("t", "x", 0);
    CHECK(lab.join(v5("c", 100)).next() == (kept ? "t x" : ""));
  }
}

TEST_CASE("packet ids count up from 1, go round, and pass over those in flight") {
  Config config = quiet();
  config.limits.max_inflight = 3;
  Lab lab(config);
  Client& client = lab.join(v5("c"));
  client.subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", "first", 1);
  CHECK(client.next() == "t first q1 #1");  // Never acknowledged.
  for (int i = 2; i <= 65'535; ++i) {
    lab.batch([&] { publisher.send(message("t", "x", 1, 1)); });
    client.acknowledge(client.take<mqtt::Publish>());
  }
  publisher.publish("t", "round", 1);
  CHECK(client.next() == "t round q1 #2");
}

TEST_CASE("a message without the right to be read is not delivered, and that is counted") {
  auto acl = Acl::parse("topic write #\ntopic read open/#\n");
  REQUIRE(acl);
  Lab lab(quiet(), {Anonymous::everywhere, {}, *acl});
  Client& client = lab.join(v5("c"));
  client.subscribe("#");
  Client& publisher = lab.join(v5("p"));
  publisher.publish("secret", "x");
  publisher.publish("open/x", "x");
  CHECK(client.all() == Lines{"open/x x"});
  CHECK(lab.drops(DropReason::not_authorized) == 1);
}
