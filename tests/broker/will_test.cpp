#include "broker/will.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::PropertyId;
using mqtt::QoS;
using mqtt::ReasonCode;

namespace {

Client& watcher(Lab& lab) {
  Client& watch = lab.join(v5("watch"));
  watch.subscribe("w/#", 2);
  return watch;
}

}  // namespace

TEST_CASE(
    "[MQTT-3.1.2-7, MQTT-3.1.2-8] the will is stored and published when the connection is lost") {
  Lab lab;
  Client& watch = watcher(lab);
  Client& client = lab.join(with_will(v5("c"), will("w/c", "dead")));
  CHECK(lab.state().wills().size() == 1);
  client.lose();
  CHECK(watch.next() == "w/c dead");
  CHECK(lab.state().wills().empty());  // [MQTT-3.1.2-10]
}

TEST_CASE("[MQTT-3.1.2-12] the will is published with its QoS") {
  Lab lab;
  Client& watch = watcher(lab);
  mqtt::Will exactly = will("w/c", "dead");
  exactly.qos = QoS::exactly_once;
  lab.join(with_will(v5("c"), std::move(exactly))).lose();
  CHECK(watch.next() == "w/c dead q2 #1");
}

TEST_CASE("[MQTT-3.1.2-14, -15] Will Retain 0 is not kept, 1 is kept") {
  Lab lab;
  lab.join(with_will(v5("c"), will("w/c", "dead"))).lose();
  mqtt::Will kept = will("w/d", "dead");
  kept.retain = true;
  lab.join(with_will(v5("d"), std::move(kept))).lose();
  CHECK(lab.state().retained_topics().size() == 1);
  CHECK(watcher(lab).next() == "w/d dead retain");
}

TEST_CASE("a will of keep alive time-out is published") {
  Lab lab;
  Client& watch = watcher(lab);
  mqtt::Connect packet = with_will(v311("c"), will("w/c", "silent"));
  packet.keep_alive_s = 2;
  lab.join(std::move(packet));
  lab.advance_ms(3'000);
  CHECK(watch.next() == "w/c silent");
}

TEST_CASE("the will waits for its delay") {
  Lab lab;
  Client& watch = watcher(lab);
  lab.join(with_will(v5("c", 60), will("w/c", "dead", 3))).lose();
  lab.advance_ms(2'999);
  CHECK(watch.next().empty());
  lab.advance_ms(1);
  CHECK(watch.next() == "w/c dead");
}

TEST_CASE("[MQTT-3.1.3-9] a client that is back within the delay takes its will back") {
  Lab lab;
  Client& watch = watcher(lab);
  lab.join(with_will(v5("c", 60), will("w/c", "dead", 3))).lose();
  lab.advance_s(2);
  lab.join(v5("c", 60));
  lab.advance_s(10);
  CHECK(watch.next().empty());
  CHECK(lab.state().wills().empty());
}

TEST_CASE("the end of the session comes before the delay") {
  Lab lab;
  Client& watch = watcher(lab);
  lab.join(with_will(v5("c"), will("w/c", "at once", 5))).lose();
  CHECK(watch.next() == "w/c at once");
  lab.join(with_will(v5("d", 2), will("w/d", "with it", 5))).lose();
  lab.advance_ms(1'999);
  CHECK(watch.next().empty());
  lab.advance_ms(1);
  CHECK(watch.next() == "w/d with it");
  CHECK(watch.next().empty());
}

TEST_CASE("a will delay of 0xFFFFFFFF waits for the end of the session") {
  Lab lab;
  Client& watch = watcher(lab);
  lab.join(with_will(v5("c", 10), will("w/c", "dead", UINT32_MAX))).lose();
  lab.advance_s(9);
  CHECK(watch.next().empty());
  lab.advance_s(1);
  CHECK(watch.next() == "w/c dead");
}

TEST_CASE("Clean Start ends the session, so a will that waits is published now") {
  Lab lab;
  Client& watch = watcher(lab);
  lab.join(with_will(v5("c", 60), will("w/c", "old", 30))).lose();
  lab.join(v5("c", 60, true));
  CHECK(watch.next() == "w/c old");
}

TEST_CASE("a take-over publishes a will without delay and takes back one with delay") {
  Lab lab;
  Client& watch = watcher(lab);
  lab.join(with_will(v5("c", 60), will("w/c", "now")));
  lab.join(with_will(v5("c", 60), will("w/c", "later", 30)));
  CHECK(watch.next() == "w/c now");
  lab.join(v5("c", 60));
  lab.advance_s(100);
  CHECK(watch.next().empty());
}

TEST_CASE("a will replaces the one of the connection before") {
  Lab lab;
  Client& watch = watcher(lab);
  lab.join(with_will(v5("c", 60), will("w/c", "first", 5))).lose();
  lab.join(with_will(v5("c", 60), will("w/c", "second"))).lose();
  lab.advance_s(10);
  CHECK(watch.all() == std::vector<std::string>{"w/c second"});
}

TEST_CASE("the properties of a will go to its receivers, in order") {
  Lab lab;
  Client& watch = watcher(lab);
  mqtt::Will rich = will("w/c", "dead", 0);
  rich.properties.add_user("k", "1");
  rich.properties.add(PropertyId::content_type, "text/plain");
  rich.properties.add(PropertyId::message_expiry_interval, 30U);
  rich.properties.add(PropertyId::response_topic, "r");
  rich.properties.add_user("k", "0");
  lab.join(with_will(v5("c"), std::move(rich))).lose();
  const auto received = watch.take<mqtt::Publish>();
  CHECK(received.properties.number(PropertyId::message_expiry_interval) == 30);
  CHECK(*received.properties.text(PropertyId::content_type) == "text/plain");
  CHECK(*received.properties.text(PropertyId::response_topic) == "r");
  std::string users;
  for (const mqtt::Property& property : received.properties.list())
    if (property.id == PropertyId::user_property) users += property.text + property.value;
  CHECK(users == "k1k0");
}

TEST_CASE("the expiry of a will counts from when it is published") {
  Lab lab;
  Client& sleeper = lab.join(v5("sleeper", 1'000));
  sleeper.subscribe("w/#", 1);
  sleeper.lose();
  mqtt::Will short_lived = will("w/c", "dead", 20);
  short_lived.qos = QoS::at_least_once;
  short_lived.properties.add(PropertyId::message_expiry_interval, 10U);
  lab.join(with_will(v5("c", 60), std::move(short_lived))).lose();
  lab.advance_s(25);
  CHECK(lab.join(v5("sleeper", 1'000)).next() == "w/c dead q1 #1 expiry=5");
}

TEST_CASE(
    "[MQTT-3.2.2-12, MQTT-3.2.2-13] a will that the server cannot take is refused with CONNECT") {
  Config config;
  config.mqtt.max_qos = 1;
  config.mqtt.retain_available = false;
  Lab lab(config);
  mqtt::Will exactly = will("w", "x");
  exactly.qos = QoS::exactly_once;
  CHECK(lab.connect(with_will(v5("a"), std::move(exactly))).next() == "CONNACK 0x9B");
  mqtt::Will kept = will("w", "x");
  kept.retain = true;
  CHECK(lab.connect(with_will(v5("b"), std::move(kept))).next() == "CONNACK 0x9A");
  CHECK(lab.connect(with_will(v5("c"), will("$SYS/x", "x"))).next() == "CONNACK 0x90");
  CHECK(lab.state().session_count() == 0);
  CHECK(lab.state().wills().empty());
}

TEST_CASE("a will without the right to publish is dropped and counted") {
  auto acl = Acl::parse("topic read #\n");
  REQUIRE(acl);
  Lab lab(quiet(), {Anonymous::everywhere, {}, *acl});
  Client& watch = watcher(lab);
  lab.join(with_will(v5("c"), will("w/c", "dead"))).lose();
  CHECK(watch.next().empty());
  CHECK(lab.drops(DropReason::not_authorized) == 1);
}

TEST_CASE("wills survive the process and are published by the next one") {
  Lab lab;
  Client& sleeper = lab.join(v5("sleeper", 1'000));
  sleeper.subscribe("w/#", 1);
  sleeper.lose();
  mqtt::Will certain = will("w/volatile", "dead", 30);
  certain.qos = QoS::at_least_once;
  lab.join(with_will(v5("volatile"), certain));
  certain.topic = "w/durable";
  lab.join(with_will(v5("durable", 60), certain));
  lab.restart();
  // The session of the first has ended with the process, and so has its delay.
  Client& again = lab.join(v5("sleeper", 1'000));
  CHECK(again.next() == "w/volatile dead q1 #1");
  CHECK(again.next().empty());
  lab.advance_s(30);
  CHECK(again.next() == "w/durable dead q1 #2");
}
