#include "broker/publish.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::ReasonCode;
using Lines = std::vector<std::string>;

TEST_CASE(
    "[MQTT-4.3.2-4, MQTT-3.3.4-1] a QoS 1 PUBLISH is answered by PUBACK, 0x10 if nobody gets it") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.send(message("a", "x", 1, 7));
  CHECK(client.next() == "PUBACK #7 0x10");
  client.subscribe("a");
  client.send(message("a", "x", 1, 8));
  CHECK(client.all() == Lines{"a x", "PUBACK #8"});
}

TEST_CASE("[MQTT-4.3.3-8, -11] QoS 2 is answered by PUBREC and PUBCOMP, without 0x10") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.send(message("a", "x", 2, 7));
  client.send(ack(PacketType::pubrel, 7));
  CHECK(client.all() == Lines{"PUBREC #7", "PUBCOMP #7"});
}

TEST_CASE("[MQTT-4.3.3-10] a QoS 2 PUBLISH that comes again is not delivered again until PUBREL") {
  Lab lab;
  Client& watch = lab.join(v5("w"));
  watch.subscribe("a", 0);
  Client& client = lab.join(v5("c", 100));
  client.send(message("a", "x", 2, 7));
  mqtt::Publish again = message("a", "x", 2, 7);
  again.dup = true;
  client.send(again);
  client.lose();
  Client& back = lab.join(v5("c", 100));
  back.send(again);
  CHECK(back.next() == "PUBREC #7");
  CHECK(watch.all() == Lines{"a x"});
  back.send(ack(PacketType::pubrel, 7));
  back.send(message("a", "y", 2, 7));
  CHECK(watch.all() == Lines{"a y"});
}

TEST_CASE("a PUBREL for an id that is not known is answered with success") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.send(ack(PacketType::pubrel, 9));
  CHECK(client.next() == "PUBCOMP #9");
}

TEST_CASE("[MQTT-3.3.4-7] more QoS 2 messages open than Receive Maximum end with 0x93") {
  Config config = quiet();
  config.limits.receive_maximum = 2;
  Lab lab(config);
  Client& client = lab.join(v5("c", 100));
  client.send(message("a", "x", 2, 1));
  client.send(message("a", "x", 2, 2));
  CHECK(client.all() == Lines{"PUBREC #1", "PUBREC #2"});
  client.send(message("a", "x", 2, 3));
  CHECK(client.next() == "DISCONNECT 0x93");
  CHECK(client.closed());
  // The count begins anew with the connection, whatever the session still has open.
  Client& back = lab.join(v5("c", 100));
  back.send(message("a", "x", 2, 3));
  back.send(message("a", "x", 2, 4));
  CHECK(back.all() == Lines{"PUBREC #3", "PUBREC #4"});
}

TEST_CASE("[MQTT-3.3.2-8] Topic Alias 0 or above the maximum ends with 0x94") {
  Lab lab;
  Client& zero = lab.join(v5("a"));
  zero.send(with(message("t", "x"), PropertyId::topic_alias, 0U));
  CHECK(zero.next() == "DISCONNECT 0x94");
  Client& high = lab.join(v5("b"));
  high.send(with(message("t", "x"), PropertyId::topic_alias, 11U));
  CHECK(high.next() == "DISCONNECT 0x94");
}

TEST_CASE("a topic alias stands for its topic, can be changed, and ends with the connection") {
  Lab lab;
  Client& watch = lab.join(v5("w"));
  watch.subscribe("#");
  Client& client = lab.join(v5("c", 100));
  client.send(with(message("t", "1"), PropertyId::topic_alias, 1U));
  client.send(with(message("", "2"), PropertyId::topic_alias, 1U));
  client.send(with(message("u", "3"), PropertyId::topic_alias, 1U));
  client.send(with(message("", "4"), PropertyId::topic_alias, 1U));
  CHECK(watch.all() == Lines{"t 1", "t 2", "u 3", "u 4"});
  client.lose();
  Client& back = lab.join(v5("c", 100));
  back.send(with(message("", "5"), PropertyId::topic_alias, 1U));
  CHECK(back.next() == "DISCONNECT 0x82");
}

TEST_CASE(
    "[MQTT-3.2.2-11, MQTT-3.2.2-14] a QoS or RETAIN that is not supported ends the connection") {
  Config config = quiet();
  config.mqtt.max_qos = 1;
  config.mqtt.retain_available = false;
  Lab lab(config);
  Client& one = lab.join(v5("a"));
  one.send(message("t", "x", 2, 1));
  CHECK(one.next() == "DISCONNECT 0x9B");
  Client& two = lab.join(v5("b"));
  two.send(retained("t", "x"));
  CHECK(two.next() == "DISCONNECT 0x9A");
}

TEST_CASE("[MQTT-3.3.4-6] a Subscription Identifier in a client's PUBLISH is a protocol error") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.send(with(message("t", "x"), PropertyId::subscription_identifier, 1U));
  CHECK(client.next() == "DISCONNECT 0x82");
}

TEST_CASE("[MQTT311-3.3.5-2] without the right to publish: 5.0 is told 0x87, 3.1.1 is closed") {
  auto acl = Acl::parse("topic read #\ntopic write ok\n");
  REQUIRE(acl);
  Lab lab(quiet(), {Anonymous::everywhere, {}, *acl});
  Client& told = lab.join(v5("a"));
  CHECK(told.publish("no", "x", 1) == ReasonCode::not_authorized);
  CHECK(told.publish("no", "x", 2) == ReasonCode::not_authorized);
  CHECK(told.publish("no", "x", 0) == ReasonCode::success);
  CHECK(told.publish("ok", "x", 1) == ReasonCode::no_matching_subscribers);
  CHECK(lab.drops(DropReason::not_authorized) == 3);
  Client& old = lab.join(v311("b"));
  old.send(message("no", "x", 0));
  CHECK(old.next().empty());
  old.send(message("no", "x", 1, 1));
  CHECK(old.next() == "closed");
}

TEST_CASE("topics of the server cannot be published to") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  CHECK(client.publish("$SYS/broker/x", "x", 1) == ReasonCode::not_authorized);
  CHECK(client.publish("$share/g/x", "x", 2) == ReasonCode::not_authorized);
  CHECK(client.publish("$other", "x", 1) == ReasonCode::no_matching_subscribers);
}

TEST_CASE("a topic of too many levels is refused with 0x90") {
  Config config = quiet();
  config.limits.topic_levels_max = 3;
  Lab lab(config);
  Client& client = lab.join(v5("c"));
  CHECK(client.publish("a/b/c", "x", 1) == ReasonCode::no_matching_subscribers);
  CHECK(client.publish("a/b/c/d", "x", 1) == ReasonCode::topic_name_invalid);
  CHECK(lab.drops(DropReason::refused) == 1);
}

TEST_CASE("a payload that is not the UTF-8 it claims to be is refused with 0x99") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  const auto text = [](std::string_view payload) {
    return with(message("t", payload, 1), PropertyId::payload_format_indicator, 1U);
  };
  CHECK(client.publish(text("\xFF")) == ReasonCode::payload_format_invalid);
  CHECK(client.publish(text("\xC3\xA4")) == ReasonCode::no_matching_subscribers);
  CHECK(client.publish("t", "\xFF", 1) == ReasonCode::no_matching_subscribers);
}

TEST_CASE(
    "[MQTT-3.3.2-4, -15, -16, -17, -18, -20] what belongs to the message is forwarded unaltered") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.subscribe("t");
  mqtt::Publish packet = message("t", "x");
  packet.properties.add(PropertyId::payload_format_indicator, 1U);
  packet.properties.add_user("b", "2");
  packet.properties.add(PropertyId::response_topic, "reply");
  packet.properties.add(PropertyId::correlation_data, std::string_view("\0\1", 2));
  packet.properties.add(PropertyId::content_type, "text");
  packet.properties.add_user("a", "1");
  const mqtt::Properties sent = packet.properties;
  client.send(std::move(packet));
  CHECK(client.take<mqtt::Publish>().properties == sent);
}

TEST_CASE("limits.retained_messages_max refuses another topic, not a change of one") {
  Config config = quiet();
  config.limits.retained_messages_max = 1;
  Lab lab(config);
  Client& client = lab.join(v5("c"));
  CHECK(client.publish(retained("a", "1", 1)) == ReasonCode::no_matching_subscribers);
  CHECK(client.publish(retained("b", "1", 1)) == ReasonCode::quota_exceeded);
  CHECK(client.publish(retained("a", "2", 1)) == ReasonCode::no_matching_subscribers);
  CHECK(client.publish(retained("b", "", 1)) == ReasonCode::no_matching_subscribers);
}
