#include "broker/retain.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::PropertyId;
using mqtt::ReasonCode;
using Lines = std::vector<std::string>;

TEST_CASE(
    "[MQTT-3.3.1-5, MQTT-3.3.1-8] a message with RETAIN replaces the one kept, others leave it") {
  Lab lab;
  Client& publisher = lab.join(v5("p"));
  publisher.publish(retained("t", "1", 1));
  publisher.publish(retained("t", "2", 0));
  publisher.publish("t", "3", 1);
  Client& client = lab.join(v5("c"));
  client.subscribe("t", 2);
  CHECK(client.all() == Lines{"t 2 retain"});
  CHECK(lab.state().message_count() == 1);
}

TEST_CASE(
    "[MQTT-3.3.1-6, -7] an empty message with RETAIN removes, and is delivered like any other") {
  Lab lab;
  Client& live = lab.join(v5("live"));
  live.subscribe("t");
  Client& publisher = lab.join(v5("p"));
  publisher.publish(retained("t", "1"));
  publisher.publish(retained("t", ""));
  CHECK(live.all() == Lines{"t 1", "t "});
  CHECK(lab.state().retained_topics().size() == 0);
  Client& client = lab.join(v5("c"));
  client.subscribe("t");
  CHECK(client.next().empty());
}

TEST_CASE(
    "a retained message has at most its own QoS, the subscription's identifier, and its "
    "properties") {
  Lab lab;
  mqtt::Publish packet = retained("t", "x", 1);
  packet.properties.add_user("k", "v");
  lab.join(v5("p")).publish(std::move(packet));
  Client& client = lab.join(v5("c"));
  client.subscribe(entry("#", 2), 9);
  const auto message = client.take<mqtt::Publish>();
  CHECK(describe(message) == "t x q1 #1 retain ids=9");
  CHECK(message.properties.list().size() == 2);
}

TEST_CASE("a retained message expires, and is sent with what is left of its interval") {
  Lab lab;
  lab.join(v5("p")).publish(with(retained("t", "x"), PropertyId::message_expiry_interval, 5U));
  lab.advance_s(2);
  Client& client = lab.join(v5("c"));
  client.subscribe("t");
  CHECK(client.next() == "t x retain expiry=3");
  lab.advance_s(4);
  CHECK(lab.state().retained_topics().size() == 0);
  CHECK(lab.state().message_count() == 0);
}

TEST_CASE("a retained message that replaces an expiring one stays") {
  Lab lab;
  Client& publisher = lab.join(v5("p"));
  publisher.publish(with(retained("t", "1"), PropertyId::message_expiry_interval, 5U));
  publisher.publish(retained("t", "2"));
  lab.advance_s(10);
  CHECK(lab.state().find_retained("t")->payload == "2");
}

TEST_CASE("with No Local a client does not get back what it has retained") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.publish(retained("t", "mine"));
  mqtt::SubscribeEntry deaf = entry("t");
  deaf.no_local = true;
  client.subscribe(deaf);
  CHECK(client.next().empty());
}

TEST_CASE("many retained messages come in pages, each when the one before is with the kernel") {
  Lab lab;
  Client& publisher = lab.join(v5("p"));
  for (int i = 0; i < 1'200; ++i) publisher.publish(retained("t/" + std::to_string(i), "x"));
  Client& client = lab.join(v5("c"));
  client.answers_asked = false;
  client.subscribe("t/#");
  std::vector<std::size_t> pages{client.all().size()};
  while (client.asked()) {
    client.taken();
    pages.push_back(client.all().size());
  }
  CHECK(pages == std::vector<std::size_t>{500, 500, 200});
}

TEST_CASE("a page of QoS 1 waits for the acknowledgements of the one before") {
  Config config = quiet();
  config.limits.max_inflight = 10;
  Lab lab(config);
  Client& publisher = lab.join(v5("p"));
  for (int i = 0; i < 700; ++i) publisher.publish(retained("t/" + std::to_string(i), "x", 1));
  Client& client = lab.join(v5("c"));
  client.subscribe("t/#", 1);
  CHECK(client.drain().size() == 10);
  CHECK(lab.state().find_session("c")->outgoing.size() == 500);
  for (std::uint16_t id = 1; id <= 10; ++id) client.send(ack(mqtt::PacketType::puback, id));
  int count = 10;
  for (std::string line = client.next_acknowledged(); !line.empty();
       line = client.next_acknowledged())
    ++count;
  CHECK(count == 700);
}

TEST_CASE("the retained messages of two filters of one SUBSCRIBE come one filter after the other") {
  Lab lab;
  Client& publisher = lab.join(v5("p"));
  publisher.publish(retained("a", "1"));
  publisher.publish(retained("b", "2"));
  Client& client = lab.join(v311("c"));
  client.send(mqtt::Subscribe{1, {}, {entry("b"), entry("a"), entry("+")}});
  CHECK(client.all() ==
        Lines{"SUBACK #1 0x00 0x00 0x00", "b 2 retain", "a 1 retain", "a 1 retain", "b 2 retain"});
}
