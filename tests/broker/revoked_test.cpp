#include "broker/revoked.hpp"

#include "broker/explain.hpp"
#include "tests/broker/lab.hpp"
#include "tests/broker/packets.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using mqtt::ReasonCode;
using Lines = std::vector<std::string>;

namespace {

Policy ruled(const std::string& rules) {
  auto acl = Acl::parse(rules);
  REQUIRE(acl);
  return {Anonymous::everywhere, {}, *acl};
}

void reload(Lab& lab, const std::string& rules) {
  lab.primary().broker().reload(quiet(), std::make_shared<const Access>(ruled(rules)), lab.now,
                                lab.primary().effects());
}

const std::string kAll = "topic readwrite #\n";
const std::string kNarrow = kAll + "topic subscribe a/+\n";

}  // namespace

TEST_CASE("a subscription that new rules do not grant gives nothing, and goes on when they do") {
  Lab lab(quiet(), ruled(kAll));
  Client& client = lab.join(v5("c"));
  REQUIRE(client.subscribe("a/#", 1) == ReasonCode::granted_qos1);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("a/1", "x");
  CHECK(client.all() == Lines{"a/1 x"});

  reload(lab, kNarrow);
  publisher.publish("a/1", "y");
  CHECK(client.all().empty());
  CHECK(lab.drops(DropReason::not_authorized) == 1);

  reload(lab, kAll);
  publisher.publish("a/1", "z");
  CHECK(client.all() == Lines{"a/1 z"});
}

TEST_CASE("of several subscriptions those that are granted make the delivery") {
  Lab lab(quiet(), ruled(kAll));
  Client& client = lab.join(v5("c"));
  client.subscribe(entry("#", 2), 7);
  client.subscribe(entry("a/+", 1), 8);
  reload(lab, kNarrow);
  lab.join(v5("p")).publish("a/1", "x", 2);
  const auto packets = client.drain();
  REQUIRE(packets.size() == 1);
  const auto& message = std::get<mqtt::Publish>(packets.front());
  CHECK(message.qos == mqtt::QoS::at_least_once);
  CHECK(message.properties.list().size() == 1);
  CHECK(message.properties.number(mqtt::PropertyId::subscription_identifier) == 8U);
  CHECK(lab.drops(DropReason::not_authorized) == 0);
}

TEST_CASE("a shared subscription that is revoked leaves the messages to the others of its group") {
  const std::string both = kAll + "role one\ntopic subscribe b\n";
  Lab lab(quiet(), ruled(both + "user anna\ntopic readwrite #\nuser bob\ntopic readwrite #\n"));
  const auto as = [](const char* id, const char* user) {
    mqtt::Connect packet = v5(id);
    packet.user_name = user;
    return packet;
  };
  Client& anna = lab.join(as("anna", "anna"));
  Client& bob = lab.join(as("bob", "bob"));
  anna.subscribe("$share/g/a");
  bob.subscribe("$share/g/a");
  Client& publisher = lab.join(v5("p"));

  reload(lab, both + "user anna\ntopic readwrite #\nroles one\nuser bob\ntopic readwrite #\n");
  for (int i = 0; i < 4; ++i) publisher.publish("a", "x");
  CHECK(anna.all().empty());
  CHECK(bob.all().size() == 4);

  reload(lab,
         both + "user anna\ntopic readwrite #\nroles one\nuser bob\ntopic read #\nroles one\n");
  publisher.publish("a", "y");
  CHECK(bob.all().empty());
  CHECK(lab.drops(DropReason::not_authorized) == 1);
}

TEST_CASE("what is revoked belongs to the login that the session has") {
  Lab lab(quiet(),
          ruled(kAll + "user anna\ntopic read #\ntopic subscribe b\nuser bob\ntopic read #\n"));
  const auto as = [](const char* user) {
    mqtt::Connect packet = v5("c", 3600);
    packet.user_name = user;
    return packet;
  };
  Client& publisher = lab.join(v5("p"));
  lab.join(as("bob")).subscribe("a/#", 1);
  Client& anna = lab.join(as("anna"));
  publisher.publish("a/1", "x", 1);
  CHECK(anna.all().empty());
  Client& bob = lab.join(as("bob"));
  publisher.publish("a/1", "y", 1);
  CHECK(bob.next_acknowledged() == "a/1 y q1 #1");
  lab.join(as("anna")).lose();
  publisher.publish("a/1", "z", 1);
  CHECK(lab.state().find_session("c")->outgoing.size() == 0);
  CHECK(lab.drops(DropReason::not_authorized) == 2);
}

TEST_CASE("an operator sees what is revoked") {
  Lab lab(quiet(), ruled(kAll));
  Client& client = lab.join(v5("c"));
  client.subscribe("a/#");
  client.subscribe("a/+");
  reload(lab, kNarrow);
  SubscriptionCursor cursor;
  const auto rows = list_subscriptions_of(lab.world(), "c", cursor);
  REQUIRE(rows.size() == 2);
  CHECK_FALSE(rows[0].granted);
  CHECK(rows[1].granted);
  const auto sentences = conclude_topic(present_of(lab.world(), "c", "a/1", lab.now), "a/1", rows);
  CHECK(sentences.front().find("does not grant it any more") != std::string::npos);
}

TEST_CASE("the audit trail has a line for each subscription that is revoked") {
  Lab lab(quiet(), ruled(kAll));
  std::vector<AuditEvent> events;
  lab.world().audit.listen([&](AuditEvent&& event) { events.push_back(std::move(event)); }, true);
  Client& client = lab.join(v5("c"));
  client.subscribe("a/#");
  reload(lab, kNarrow);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("a/1", "x");
  publisher.publish("a/1", "x");
  const auto denied = std::count_if(events.begin(), events.end(), [](const AuditEvent& event) {
    return event.what == AuditEvent::What::subscribe_denied && event.topic == "a/#" &&
           event.client_id == "c" && event.why == "a subscription made before";
  });
  CHECK(denied == 1);
}
