#include "broker/acknowledge.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::PacketType;
using mqtt::ReasonCode;

namespace {

// A client with one message of this QoS in flight under id 1.
Client& receiver(Lab& lab, int qos, mqtt::Connect connect) {
  Client& client = lab.join(std::move(connect));
  client.subscribe("t", 2);
  lab.join(v5("p")).publish("t", "x", qos);
  client.take<mqtt::Publish>();
  return client;
}

}  // namespace

TEST_CASE("[MQTT-4.3.3-4, -5, -6] PUBREC brings PUBREL, again and again, until PUBCOMP") {
  Lab lab;
  Client& client = receiver(lab, 2, v5("c", 100));
  client.send(ack(PacketType::pubrec, 1));
  client.send(ack(PacketType::pubrec, 1));
  CHECK(client.all() == std::vector<std::string>{"PUBREL #1", "PUBREL #1"});
  client.send(ack(PacketType::pubcomp, 1));
  CHECK(lab.state().find_session("c")->outgoing.size() == 0);
  CHECK(lab.state().message_count() == 0);
}

TEST_CASE("a PUBREC with an error ends the delivery and frees its place") {
  Lab lab;
  Client& client = receiver(lab, 2, v5("c", 100));
  client.send(ack(PacketType::pubrec, 1, ReasonCode::quota_exceeded));
  CHECK(client.next().empty());
  CHECK(lab.state().find_session("c")->outgoing.size() == 0);
}

TEST_CASE("an acknowledgement that does not fit the QoS is a protocol error") {
  struct Case {
    int qos;
    PacketType wrong;
  };
  for (const Case& each : {Case{1, PacketType::pubrec}, Case{1, PacketType::pubcomp},
                           Case{2, PacketType::puback}, Case{2, PacketType::pubcomp}}) {
    Lab lab;
    Client& client = receiver(lab, each.qos, v5("c"));
    client.send(ack(each.wrong, 1));
    CHECK(client.next() == "DISCONNECT 0x82");
    Client& old = receiver(lab, each.qos, v311("d"));
    old.send(ack(each.wrong, 1));
    CHECK(old.next() == "closed");
  }
}

TEST_CASE("a PUBACK behind PUBREC is a protocol error") {
  Lab lab;
  Client& client = receiver(lab, 2, v5("c"));
  client.send(ack(PacketType::pubrec, 1));
  CHECK(client.next() == "PUBREL #1");
  client.send(ack(PacketType::puback, 1));
  CHECK(client.next() == "DISCONNECT 0x82");
}

TEST_CASE("acknowledgements of what is not in flight are ignored, but a PUBREC gets its PUBREL") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.send(ack(PacketType::puback, 5));
  client.send(ack(PacketType::pubcomp, 5));
  client.send(ack(PacketType::pubrec, 5, ReasonCode::unspecified_error));
  CHECK(client.next().empty());
  client.send(ack(PacketType::pubrec, 5));
  CHECK(client.next() == "PUBREL #5");
}
