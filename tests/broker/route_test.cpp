#include "broker/route.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using Lines = std::vector<std::string>;

TEST_CASE("what nothing durable needs makes no record") {
  Lab lab;
  const std::size_t before = lab.records().size();
  Client& client = lab.join(v5("c"));
  client.subscribe("t", 2);
  client.publish("t", "0");
  client.publish("t", "1", 1);
  client.publish("t", "2", 2);
  CHECK(lab.records().size() == before);
  CHECK(client.all() == Lines{"t 0", "t 1 q1 #1", "t 2 q2 #2"});
}

TEST_CASE("a message for many durable sessions is stored once") {
  Lab lab;
  for (const char* name : {"a", "b", "c"}) lab.join(v5(name, 10)).subscribe("t", 1);
  lab.join(v5("p")).publish("t", "x", 1);
  CHECK(lab.state().message_count() == 1);
}

TEST_CASE(
    "[MQTT-4.6.0-5] messages of a topic and a QoS come in the order in which they were published") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  for (int i = 0; i < 300; ++i) publisher.publish("t", std::to_string(i), 1);
  for (int i = 0; i < 300; ++i)
    CHECK(client.next_acknowledged().substr(0, 2 + std::to_string(i).size()) ==
          "t " + std::to_string(i));
}
