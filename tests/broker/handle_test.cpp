#include "broker/handle.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::PacketType;
using mqtt::ReasonCode;

TEST_CASE("[MQTT-3.1.0-1] whatever comes before CONNECT closes the connection without a word") {
  Lab lab;
  for (int i = 0; i < 3; ++i) {
    Client& client = lab.open();
    if (i == 0) client.send(mqtt::Ping{});
    if (i == 1) client.send(message("t", "x", 1, 1));
    if (i == 2) client.send(mqtt::Subscribe{1, {}, {entry("t")}});
    CHECK(client.next() == "closed");
  }
}

TEST_CASE("[MQTT-3.1.0-2] a second CONNECT is a protocol error") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.send(v5("c"));
  CHECK(client.next() == "DISCONNECT 0x82");
  CHECK(client.closed());
}

TEST_CASE("[MQTT311-3.1.0-2] a second CONNECT closes a 3.1.1 connection") {
  Lab lab;
  Client& client = lab.join(v311("c"));
  client.send(v311("c"));
  CHECK(client.next() == "closed");
}

TEST_CASE("[MQTT-3.12.4-1] PINGREQ is answered by PINGRESP") {
  Lab lab;
  Client& client = lab.join(v311("c"));
  client.send(mqtt::Ping{});
  CHECK(client.next() == "PINGRESP");
}

TEST_CASE("packets that only a server sends are a protocol error") {
  for (int i = 0; i < 4; ++i) {
    Lab lab;
    Client& client = lab.join(v5("c"));
    if (i == 0) client.send(mqtt::Connack{});
    if (i == 1) client.send(mqtt::SubscriptionAck{PacketType::suback, 1, {}, {}});
    if (i == 2) client.send(mqtt::SubscriptionAck{PacketType::unsuback, 1, {}, {}});
    if (i == 3) client.send(mqtt::Ping{PacketType::pingresp});
    CHECK(client.next() == "DISCONNECT 0x82");
  }
}

TEST_CASE("AUTH without an Authentication Method in CONNECT is a protocol error") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.send(mqtt::Auth{ReasonCode::reauthenticate, {}});
  CHECK(client.next() == "DISCONNECT 0x82");
}
