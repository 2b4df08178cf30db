#include "broker/broker.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::PropertyId;
using mqtt::ReasonCode;
using Lines = std::vector<std::string>;

TEST_CASE("a server that stops says 0x8B to 5.0, closes all, and publishes no will") {
  Lab lab;
  Client& watch = lab.join(v5("w"));
  watch.subscribe("#");
  Client& client = lab.join(with_will(v5("c", 100), will("w", "dead")));
  Client& old = lab.join(v311("o"));
  lab.batch([&] { lab.primary().broker().say_goodbye(lab.now, lab.primary().effects()); });
  CHECK(client.next() == "DISCONNECT 0x8B");
  CHECK(client.next() == "closed");
  CHECK(old.next() == "closed");
  CHECK(watch.all() == Lines{"DISCONNECT 0x8B"});
  CHECK(lab.state().wills().size() == 1);
  CHECK(lab.world().connections.size() == 0);
}

TEST_CASE("[MQTT-4.13.2-1] with a Server Reference clients are sent there") {
  Config config = quiet();
  config.mqtt.server_reference = "other:1883";
  Lab lab(config);
  Client& client = lab.join(v5("c"));
  lab.batch([&] { lab.primary().broker().say_goodbye(lab.now, lab.primary().effects()); });
  const auto goodbye = client.take<mqtt::Disconnect>();
  CHECK(goodbye.reason == ReasonCode::use_another_server);
  CHECK(*goodbye.properties.text(PropertyId::server_reference) == "other:1883");
}

TEST_CASE("a session that a stopping server has told goodbye is there when it is back") {
  Lab lab;
  Client& client = lab.join(v5("c", 100));
  client.subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  lab.batch([&] {
    lab.primary().broker().say_goodbye(lab.now, lab.primary().effects());
    publisher.send(message("t", "late", 1, 1));
  });
  lab.advance_s(1'000);
  CHECK(lab.state().find_session("c") != nullptr);
  lab.restart();
  CHECK(lab.join(v5("c", 100)).connack.session_present);
}

TEST_CASE("after the process died sessions, queues, handshakes and retained messages go on") {
  Lab lab;
  Client& client = lab.join(v5("c", 100));
  client.subscribe("t", 2);
  Client& publisher = lab.join(v5("p", 100));
  publisher.publish("t", "1", 1);
  publisher.publish("t", "2", 2);
  publisher.send(message("t", "3", 2, 77));
  publisher.publish(retained("kept", "r", 1));
  client.send(ack(mqtt::PacketType::pubrec, 2));
  lab.restart();
  Client& back = lab.join(v5("p", 100));
  CHECK(back.connack.session_present);
  back.send(message("t", "3", 2, 77));
  back.send(ack(mqtt::PacketType::pubrel, 77));
  CHECK(back.all() == Lines{"PUBREC #77", "PUBCOMP #77"});
  Client& again = lab.join(v5("c", 100));
  CHECK(again.all() == Lines{"t 1 q1 #1 dup", "PUBREL #2", "t 3 q2 #3 dup"});
  again.subscribe("kept");
  CHECK(again.all() == Lines{"kept r retain"});
}

TEST_CASE("after the process died the expiry of a connected session begins then") {
  Lab lab;
  lab.join(v5("c", 10));
  lab.join(v5("volatile"));
  lab.restart();
  CHECK(lab.state().session_count() == 1);
  lab.advance_s(9);
  CHECK(lab.state().session_count() == 1);
  lab.advance_s(1);
  CHECK(lab.state().session_count() == 0);
}

TEST_CASE("a dropped message is published under the dead letter topic with the reason") {
  Config config = quiet();
  config.mqtt.dead_letter_topic = "dead";
  config.limits.max_queued_messages = 1;
  Lab lab(config);
  Client& watch = lab.join(v5("w"));
  watch.subscribe("dead/#");
  Client& sleeper = lab.join(v5("s", 10));
  sleeper.subscribe("t", 1);
  sleeper.lose();
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", "1", 1);
  publisher.publish("t", "2", 1);
  lab.advance_s(10);
  CHECK(watch.all() == Lines{"dead/queue_full/t 2", "dead/session_ended/t 1"});
}

TEST_CASE("a dead letter whose topic would be too long is only counted") {
  Config config = quiet();
  config.mqtt.dead_letter_topic = "dead";
  Lab lab(config);
  Client& watch = lab.join(v5("w"));
  watch.subscribe("#");
  Client& client = lab.join(v5("c"));
  CHECK(client.publish("$SYS/" + std::string(65'530, 'x'), "x", 1) == ReasonCode::not_authorized);
  CHECK(watch.next().empty());
  CHECK(lab.drops(DropReason::not_authorized) == 1);
}

TEST_CASE("deliveries that did not fit an outbox are counted under their client and topic") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  lab.step(OutboxDropped{client.id(), "t", 3});
  CHECK(lab.drops(DropReason::outbox_full) == 3);
  CHECK(lab.world().drops.latest().back().client_id == "c");
}

TEST_CASE("new settings hold for what comes") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  Config config = quiet();
  config.mqtt.max_qos = 0;
  auto acl = Acl::parse("topic read #\n");
  REQUIRE(acl);
  lab.primary().broker().reload(
      config, std::make_shared<const Access>(Policy{Anonymous::nowhere, {}, *acl}), lab.now,
      lab.primary().effects());
  CHECK(client.subscribe("t", 2) == ReasonCode::success);
  client.publish("t", "x");
  CHECK(client.next().empty());
  CHECK(lab.connect(v5("d")).next() == "CONNACK 0x87");
}
