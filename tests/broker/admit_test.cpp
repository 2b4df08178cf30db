// What the limits on connections and on the memory do to clients, and that others go unharmed.
#include "broker/admit.hpp"

#include "tests/broker/lab.hpp"

#include <string>

using namespace tandemq;
using mqtt::ReasonCode;

namespace {

Origin from(const std::string& address, std::uint16_t listener = 0) {
  Origin origin;
  origin.address = address + ":1";
  origin.listener_number = listener;
  return origin;
}

// The reason of the CONNACK, or of 3.1.1 what stands for it.
ReasonCode refusal(Client& client, mqtt::Connect packet) {
  client.send(std::move(packet));
  REQUIRE(client.closed());
  return client.take<mqtt::Connack>().reason;
}

Client& enter(Lab& lab, const std::string& address, mqtt::Connect packet) {
  Client& client = lab.open(from(address));
  client.send(std::move(packet));
  CHECK(client.take<mqtt::Connack>().reason == ReasonCode::success);
  return client;
}

mqtt::Connect of_user(mqtt::Connect packet, const std::string& user) {
  packet.user_name = user;
  return packet;
}

std::uint64_t hits(Lab& lab, Limit limit) {
  return lab.world().limit_hits.count(limit);
}

void memory(Lab& lab, std::uint64_t percent) {
  lab.primary().broker().take_memory(percent * 1'000, 100'000, lab.now, lab.primary().effects());
  lab.settle();
}

}  // namespace

TEST_CASE("an address may have so many connections, and no more") {
  Config config = quiet();
  config.limits.connections_per_address = 1;
  Lab lab(config);
  Client& first = enter(lab, "192.0.2.1", v5("a"));
  CHECK(refusal(lab.open(from("192.0.2.1")), v5("b")) == ReasonCode::quota_exceeded);
  CHECK(refusal(lab.open(from("192.0.2.1")), v311("b")) == ReasonCode::server_unavailable);
  CHECK(hits(lab, Limit::connections_per_address) == 2);
  CHECK(lab.world().limit_hits.last(Limit::connections_per_address) == "192.0.2.1:1");
  enter(lab, "192.0.2.2", v5("c"));
  first.lose();
  enter(lab, "192.0.2.1", v5("b"));
}

TEST_CASE("of many connections that are too many, those beyond eight are closed at once") {
  Config config = quiet();
  config.limits.connections_per_address = 1;
  Lab lab(config);
  enter(lab, "192.0.2.1", v5("a"));
  for (std::uint32_t i = 0; i < Admission::kToldMax; ++i)
    CHECK_FALSE(lab.open(from("192.0.2.1")).closed());
  Client& beyond = lab.open(from("192.0.2.1"));
  CHECK(beyond.closed());
  CHECK(beyond.why().find("limits.connections_per_address is reached") != std::string::npos);
  CHECK(beyond.next() == "closed");
}

TEST_CASE("an address that connects too often is refused before its password is looked at") {
  Config config = quiet();
  config.limits.connect_rate_per_address = 2;
  Lab lab(config);
  enter(lab, "192.0.2.1", v5("a")).lose();
  enter(lab, "192.0.2.1", v5("a")).lose();
  mqtt::Connect login = of_user(v5("a"), "nobody");
  login.password = "wrong";
  CHECK(refusal(lab.open(from("192.0.2.1")), std::move(login)) ==
        ReasonCode::connection_rate_exceeded);
  CHECK(refusal(lab.open(from("192.0.2.1")), v311("b")) == ReasonCode::server_unavailable);
  CHECK(hits(lab, Limit::connect_rate_per_address) == 2);
  enter(lab, "192.0.2.2", v5("c"));
  lab.advance_ms(500);
  enter(lab, "192.0.2.1", v5("a"));
}

TEST_CASE(
    "a user may have so many clients; one that connects again does not stand in its own way") {
  Config config = quiet();
  config.limits.connections_per_user = 2;
  Lab lab(config);
  Client& a = enter(lab, "192.0.2.1", of_user(v5("a"), "ann"));
  enter(lab, "192.0.2.1", of_user(v5("b"), "ann"));
  CHECK(refusal(lab.open(from("192.0.2.1")), of_user(v5("c"), "ann")) ==
        ReasonCode::quota_exceeded);
  CHECK(refusal(lab.open(from("192.0.2.1")), of_user(v311("c"), "ann")) ==
        ReasonCode::server_unavailable);
  CHECK(hits(lab, Limit::connections_per_user) == 2);
  enter(lab, "192.0.2.1", of_user(v5("a"), "ann"));
  CHECK(a.closed());
  enter(lab, "192.0.2.1", of_user(v5("d"), "bob"));
  for (const char* nobody : {"e", "f", "g"}) enter(lab, "192.0.2.1", v5(nobody));
  Client& again = enter(lab, "192.0.2.1", of_user(v5("b"), "ann"));
  again.disconnect();
  enter(lab, "192.0.2.1", of_user(v5("c"), "ann"));
}

TEST_CASE("a reload counts those who are connected") {
  Config config = quiet();
  Lab lab(config);
  enter(lab, "192.0.2.1", of_user(v5("a"), "ann"));
  config.limits.connections_per_address = 1;
  config.limits.connections_per_user = 1;
  lab.primary().broker().reload(config, lab.world().access, lab.now, lab.primary().effects());
  CHECK(refusal(lab.open(from("192.0.2.1")), v5("b")) == ReasonCode::quota_exceeded);
  CHECK(refusal(lab.open(from("192.0.2.2")), of_user(v5("b"), "ann")) ==
        ReasonCode::quota_exceeded);
}

TEST_CASE("retained messages have as many bytes as they may; one may take the place of another") {
  Config config = quiet();
  config.limits.retained_bytes_max = 20;
  Lab lab(config);
  Client& client = lab.join(v5("p"));
  CHECK(client.publish(retained("t", "123456789", 1)) == ReasonCode::no_matching_subscribers);
  CHECK(client.publish(retained("u", "123456789", 1)) == ReasonCode::no_matching_subscribers);
  CHECK(client.publish(retained("v", "1", 1)) == ReasonCode::quota_exceeded);
  CHECK(client.publish(retained("u", "1234567890", 1)) == ReasonCode::quota_exceeded);
  CHECK(client.publish(retained("u", "987654321", 1)) == ReasonCode::no_matching_subscribers);
  CHECK(client.publish(message("v", "not retained", 1)) == ReasonCode::no_matching_subscribers);
  CHECK(hits(lab, Limit::retained_bytes_max) == 2);
  CHECK(client.publish(retained("u", "", 1)) == ReasonCode::no_matching_subscribers);
  CHECK(client.publish(retained("v", "1", 1)) == ReasonCode::no_matching_subscribers);
  CHECK(lab.state().retained_bytes() == 12);

  Client& old = lab.join(v311("o"));
  old.send(retained("w", "123456789", 1, 1));
  CHECK(old.closed());
}

TEST_CASE("who is throttled is not taken for dead") {
  Lab lab;
  mqtt::Connect packet = v5("p");
  packet.keep_alive_s = 10;
  Client& client = lab.join(std::move(packet));
  lab.step(Throttled{client.id(), 100'000, true});
  lab.advance_s(110);
  CHECK_FALSE(client.closed());
  lab.advance_s(10);
  CHECK(client.closed());
  CHECK(hits(lab, Limit::byte_rate) == 1);
}

TEST_CASE("when memory is shorter still nobody is let in, and who is here stays") {
  Lab lab;
  Client& here = lab.join(v5("here", 1'000));
  here.subscribe("t", 1);
  memory(lab, 91);
  CHECK(refusal(lab.open(), v5("a")) == ReasonCode::quota_exceeded);
  CHECK(refusal(lab.open(), v311("a")) == ReasonCode::server_unavailable);
  CHECK(hits(lab, Limit::memory_connections) == 2);
  CHECK(here.publish("t", "1", 1) == ReasonCode::success);
  memory(lab, 86);
  CHECK(refusal(lab.open(), v5("a")) == ReasonCode::quota_exceeded);
  memory(lab, 84);
  lab.join(v5("a"));
}
