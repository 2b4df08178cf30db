#include "broker/subscribe.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::PropertyId;
using mqtt::ReasonCode;
using Lines = std::vector<std::string>;

namespace {

mqtt::SubscribeEntry handling(std::string_view filter, std::uint8_t retain_handling) {
  mqtt::SubscribeEntry wanted = entry(filter, 1);
  wanted.retain_handling = retain_handling;
  return wanted;
}

}  // namespace

TEST_CASE("[MQTT-3.8.4-1, -2, -6] SUBACK has the packet id and one reason a filter, in order") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.send(mqtt::Subscribe{9, {}, {entry("a", 1), entry("b/#", 2), entry("+/c", 0)}});
  CHECK(client.next() == "SUBACK #9 0x01 0x02 0x00");
}

TEST_CASE("[MQTT-3.8.4-8] the QoS granted is at most mqtt.max_qos") {
  Config config = quiet();
  config.mqtt.max_qos = 1;
  Lab lab(config);
  CHECK(lab.join(v5("c")).subscribe("a", 2) == ReasonCode::granted_qos1);
}

TEST_CASE("[MQTT-3.8.4-3] a second SUBSCRIBE to a filter replaces the first") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.subscribe(entry("t", 2), 5);
  client.subscribe(entry("t", 0), 6);
  CHECK(lab.state().subscriptions().size() == 1);
  client.publish("t", "x", 2);
  CHECK(client.next() == "t x ids=6");
}

TEST_CASE(
    "[MQTT-3.3.4-2, -3, -4, -5] overlapping subscriptions: one copy, highest QoS, all "
    "identifiers") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.subscribe(entry("t", 1), 2);
  client.subscribe(entry("t/#", 2), 3);
  client.subscribe(entry("+", 0));
  lab.join(v5("p")).publish("t", "x", 2);
  CHECK(client.all() == Lines{"t x q2 #1 ids=2,3"});
}

TEST_CASE("[MQTT-3.8.3-3] with No Local a client does not get its own messages") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  mqtt::SubscribeEntry deaf = entry("t", 1);
  deaf.no_local = true;
  client.subscribe(deaf);
  CHECK(client.publish("t", "mine", 1) == ReasonCode::no_matching_subscribers);
  lab.join(v5("p")).publish("t", "other", 1);
  CHECK(client.all() == Lines{"t other q1 #1"});
}

TEST_CASE("[MQTT-3.3.1-9, -10, -11] Retain Handling: always, only if new, never") {
  Lab lab;
  lab.join(v5("p")).publish(retained("t", "kept", 1));
  Client& client = lab.join(v5("c"));
  client.subscribe(handling("t", 2));
  CHECK(client.next().empty());
  client.subscribe(handling("t", 1));
  CHECK(client.next().empty());
  client.subscribe(handling("t", 0));
  CHECK(client.next_acknowledged() == "t kept q1 #1 retain");
  client.subscribe(handling("t", 0));
  CHECK(client.next_acknowledged() == "t kept q1 #2 retain");
  client.unsubscribe("t");
  client.subscribe(handling("t", 1));
  CHECK(client.next_acknowledged() == "t kept q1 #3 retain");
}

TEST_CASE(
    "[MQTT-3.3.1-12, -13] Retain As Published keeps the flag of a live message, else it is "
    "cleared") {
  Lab lab;
  Client& plain = lab.join(v5("plain"));
  plain.subscribe("t");
  Client& wants = lab.join(v5("wants"));
  mqtt::SubscribeEntry as_published = entry("t");
  as_published.retain_as_published = true;
  wants.subscribe(as_published);
  Client& publisher = lab.join(v5("p"));
  publisher.publish(retained("t", "1"));
  publisher.publish("t", "2");
  publisher.publish(retained("t", ""));
  CHECK(plain.all() == Lines{"t 1", "t 2", "t "});
  CHECK(wants.all() == Lines{"t 1 retain", "t 2", "t  retain"});
}

TEST_CASE("a filter that is not well-formed ends the connection: 0x81, of $share 0x82") {
  Lab lab;
  for (const std::string_view bad : {"a#", "#/a", "+a", ""}) {
    Client& client = lab.join(v5("c"));
    client.send(mqtt::Subscribe{1, {}, {entry(bad)}});
    CHECK(client.next() == "DISCONNECT 0x81");
  }
  for (const std::string_view bad : {"$share/g", "$share//a", "$share/+/a", "$share/g/"}) {
    Client& client = lab.join(v5("c"));
    client.send(mqtt::Subscribe{1, {}, {entry(bad)}});
    CHECK(client.next() == "DISCONNECT 0x82");
  }
}

TEST_CASE("what is switched off is refused a filter at a time, the others are granted") {
  Config config = quiet();
  config.mqtt.wildcard_available = config.mqtt.shared_available = false;
  config.limits.subscriptions_max = 1;
  config.limits.topic_levels_max = 2;
  Lab lab(config);
  Client& client = lab.join(v5("c"));
  client.send(mqtt::Subscribe{
      1,
      {},
      {entry("#"), entry("$share/g/a"), entry("a/b/c"), entry("a"), entry("b"), entry("a")}});
  CHECK(client.next() == "SUBACK #1 0xA2 0x9E 0x8F 0x00 0x97 0x00");
}

TEST_CASE("a Subscription Identifier where they are not available is refused with 0xA1") {
  Config config = quiet();
  config.mqtt.subscription_id_available = false;
  Lab lab(config);
  Client& client = lab.join(v5("c"));
  client.send(with(mqtt::Subscribe{1, {}, {entry("a")}}, PropertyId::subscription_identifier, 1U));
  CHECK(client.next() == "DISCONNECT 0xA1");
}

TEST_CASE("[MQTT311-3.8.4-5] without the right to subscribe: 0x87, in 3.1.1 0x80") {
  auto acl = Acl::parse("topic read ok/#\n");
  REQUIRE(acl);
  Lab lab(quiet(), {Anonymous::everywhere, {}, *acl});
  CHECK(lab.join(v5("a")).subscribe("no") == ReasonCode::not_authorized);
  CHECK(lab.join(v311("b")).subscribe("no") == ReasonCode::unspecified_error);
  CHECK(lab.join(v5("c")).subscribe("ok/+", 1) == ReasonCode::granted_qos1);
}

TEST_CASE("[MQTT-3.9.2-1] a SUBACK says why a filter is refused, if it fits") {
  Config config = quiet();
  config.limits.subscriptions_max = 1;
  Lab lab(config);
  const auto why = [&](mqtt::Connect packet, std::vector<mqtt::SubscribeEntry> entries) {
    Client& client = lab.join(std::move(packet));
    client.send(mqtt::Subscribe{1, {}, std::move(entries)});
    const auto suback = client.take<mqtt::SubscriptionAck>();
    const std::string* text = suback.properties.text(PropertyId::reason_string);
    return text == nullptr ? std::string() : *text;
  };
  CHECK(why(v5("a"), {entry("a")}).empty());
  CHECK(why(v5("b"), {entry("a"), entry("b")}) == "limits.subscriptions_max is reached");
  const std::vector<mqtt::SubscribeEntry> many(40, entry("a/b"));
  std::vector<mqtt::SubscribeEntry> refused{entry("a")};
  refused.insert(refused.end(), many.begin(), many.end());
  CHECK(why(with(v5("c"), PropertyId::maximum_packet_size, 120U), refused).empty());
  CHECK(why(with(v5("d"), PropertyId::maximum_packet_size, 200U), refused) ==
        "limits.subscriptions_max is reached");
}

TEST_CASE(
    "[MQTT-3.10.4-1, -4, MQTT-3.11.3-2] UNSUBSCRIBE removes exactly the filter, and says if it was "
    "there") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.subscribe("t");
  client.subscribe("t/#");
  client.send(mqtt::Unsubscribe{5, {}, {"t", "x", "t/+"}});
  CHECK(client.next() == "UNSUBACK #5 0x00 0x11 0x11");
  client.publish("t/1", "x");
  CHECK(client.all() == Lines{"t/1 x"});
}

TEST_CASE(
    "[MQTT-3.10.4-2, -3] what was queued before UNSUBSCRIBE is still delivered, nothing new") {
  Lab lab;
  Client& client = lab.join(with(v5("c"), PropertyId::receive_maximum, 1U));
  client.subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", "1", 1);
  publisher.publish("t", "2", 1);
  client.send(mqtt::Unsubscribe{2, {}, {"t"}});
  publisher.publish("t", "3", 1);
  CHECK(client.next_acknowledged() == "t 1 q1 #1");
  CHECK(client.next() == "UNSUBACK #2 0x00");
  CHECK(client.next_acknowledged() == "t 2 q1 #2");
  CHECK(client.next().empty());
}

TEST_CASE("[MQTT-4.7.2-1] a leading wildcard does not match topics that begin with $") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.subscribe("#");
  client.subscribe("+/x");
  client.publish("$other/x", "1");
  CHECK(client.next().empty());
  client.subscribe("$other/#");
  client.publish("$other/x", "2");
  CHECK(client.all() == Lines{"$other/x 2"});
}
