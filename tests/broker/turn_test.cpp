#include "broker/turn.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::PacketType;
using Lines = std::vector<std::string>;

TEST_CASE("CONNACK and SUBACK of a durable session do not leave before their record is committed") {
  Lab lab;
  lab.holds_commits = true;
  Client& client = lab.connect(v5("c", 10));
  CHECK(client.next().empty());
  client.send(mqtt::Subscribe{1, {}, {entry("t")}});
  lab.commit();
  CHECK(client.all() == Lines{"CONNACK", "SUBACK #1 0x00"});
}

TEST_CASE(
    "[MQTT-4.3.2-4] PUBACK, PUBREC, PUBCOMP and the deliveries of a logged message wait for the "
    "log") {
  Lab lab;
  Client& client = lab.join(v5("c", 10));
  client.subscribe("t", 2);
  Client& publisher = lab.join(v5("p", 10));
  lab.holds_commits = true;
  publisher.send(message("t", "1", 1, 1));
  publisher.send(message("t", "2", 2, 2));
  CHECK(publisher.next().empty());
  CHECK(client.next().empty());
  lab.commit();
  CHECK(publisher.all() == Lines{"PUBACK #1", "PUBREC #2"});
  CHECK(client.all() == Lines{"t 1 q1 #1", "t 2 q2 #2"});
  publisher.send(ack(PacketType::pubrel, 2));
  client.send(ack(PacketType::pubrec, 2));
  CHECK(publisher.next().empty());
  CHECK(client.next().empty());
  lab.commit();
  CHECK(publisher.next() == "PUBCOMP #2");
  CHECK(client.next() == "PUBREL #2");
}

TEST_CASE("QoS 0 and sessions that end with their connection wait for nothing") {
  Lab lab;
  Client& busy = lab.join(v5("busy", 10));
  busy.subscribe("d", 1);
  Client& client = lab.join(v5("c"));
  client.subscribe("t", 2);
  Client& publisher = lab.join(v5("p"));
  lab.holds_commits = true;
  Client& other = lab.join(v5("other"));
  other.send(message("d", "logged", 1, 1));
  CHECK(other.next().empty());
  publisher.send(message("t", "0"));
  publisher.send(message("t", "1", 1, 1));
  publisher.send(message("t", "2", 2, 2));
  publisher.send(ack(PacketType::pubrel, 2));
  publisher.send(mqtt::Unsubscribe{3, {}, {"none"}});
  CHECK(publisher.all() == Lines{"PUBACK #1", "PUBREC #2", "PUBCOMP #2", "UNSUBACK #3 0x11"});
  CHECK(client.all() == Lines{"t 0", "t 1 q1 #1", "t 2 q2 #2"});
}

TEST_CASE("what goes to one client stays in order, whatever of it waits") {
  Lab lab;
  Client& client = lab.join(v5("c", 10));
  client.subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  lab.holds_commits = true;
  publisher.send(message("t", "1", 1, 1));
  publisher.send(message("t", "2", 0));
  publisher.send(mqtt::Ping{});
  CHECK(client.next().empty());
  CHECK(publisher.next().empty());
  lab.commit();
  CHECK(client.all() == Lines{"t 1 q1 #1", "t 2"});
  CHECK(publisher.all() == Lines{"PUBACK #1", "PINGRESP"});
}
