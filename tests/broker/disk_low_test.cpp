// What the broker still takes while the disk is nearly full (Broker::set_disk_low): nothing new
// that has to be stored, and everything that lets what it has go on.
#include "broker/broker.hpp"

#include "broker/operate.hpp"
#include "tests/broker/lab.hpp"

#include <string>
#include <vector>

using namespace tandemq;
using mqtt::PacketType;
using mqtt::ReasonCode;
using Lines = std::vector<std::string>;

namespace {

void set_low(Lab& lab, bool low) {
  lab.primary().broker().set_disk_low(low);
  lab.settle();
}

mqtt::Will logged_will(std::string_view payload, std::uint32_t delay_s) {
  mqtt::Will out = will("t", payload, delay_s);
  out.qos = mqtt::QoS::at_least_once;
  return out;
}

// A durable session that is away, subscribed to "t".
void leave_receiver(Lab& lab) {
  Client& client = lab.join(v5("c", 1'000));
  client.subscribe("t", 2);
  client.lose();
}

}  // namespace

TEST_CASE("a 5.0 publisher is told that a message cannot be stored, and nobody gets it") {
  Lab lab;
  leave_receiver(lab);
  Client& watcher = lab.join(v5("w"));
  watcher.subscribe("t");
  Client& publisher = lab.join(v5("p"));
  set_low(lab, true);
  CHECK(publisher.publish("t", "1", 1) == ReasonCode::quota_exceeded);
  CHECK(publisher.publish("t", "2", 2) == ReasonCode::quota_exceeded);
  CHECK(watcher.next().empty());
  CHECK(lab.state().message_count() == 0);
  CHECK(lab.drops(DropReason::disk_full) == 2);
  set_low(lab, false);
  CHECK(publisher.publish("t", "3", 1) == ReasonCode::success);
  CHECK(watcher.next() == "t 3");
}

TEST_CASE("what need not be stored goes on") {
  Lab lab;
  leave_receiver(lab);
  Client& watcher = lab.join(v5("w"));
  watcher.subscribe("#", 1);
  Client& publisher = lab.join(v5("p"));
  set_low(lab, true);
  CHECK(publisher.publish("other", "1", 1) == ReasonCode::success);
  publisher.publish("t", "2", 0);
  CHECK(watcher.all() == Lines{"other 1 q1 #1", "t 2"});
  CHECK(lab.drops(DropReason::disk_full) == 0);
}

TEST_CASE("QoS 0 that would have to be stored is dropped and counted") {
  Config config = quiet();
  config.mqtt.queue_qos0 = true;
  Lab lab(config);
  leave_receiver(lab);
  for (Client* const publisher : {&lab.join(v5("p")), &lab.join(v311("q"))}) {
    set_low(lab, true);
    const std::uint64_t before = lab.drops(DropReason::disk_full);
    publisher->publish("t", "1", 0);
    publisher->send(retained("r", "2"));
    CHECK(lab.drops(DropReason::disk_full) == before + 2);
    CHECK_FALSE(publisher->closed());
    CHECK(publisher->next().empty());
  }
  CHECK(lab.state().message_count() == 0);
}

TEST_CASE("a retained message is not kept, but can be cleared") {
  Lab lab;
  Client& publisher = lab.join(v5("p"));
  publisher.publish(retained("r", "old", 1));
  set_low(lab, true);
  CHECK(publisher.publish(retained("r", "new", 1)) == ReasonCode::quota_exceeded);
  CHECK(lab.state().find_retained("r")->payload == "old");
  CHECK_FALSE(is_error(publisher.publish(retained("r", "", 1))));
  CHECK(lab.state().find_retained("r") == nullptr);
}

TEST_CASE("a 3.1.1 publisher waits, and goes on when there is room again") {
  Lab lab;
  leave_receiver(lab);
  Client& publisher = lab.join(v311("p"));
  set_low(lab, true);
  publisher.send(message("t", "1", 1, 1));
  publisher.send(message("t", "2", 2, 2));
  CHECK_FALSE(publisher.is_read());
  CHECK(publisher.next().empty());
  set_low(lab, true);
  CHECK(publisher.next().empty());
  set_low(lab, false);
  CHECK(publisher.is_read());
  CHECK(publisher.all() == Lines{"PUBACK #1", "PUBREC #2"});
  CHECK(lab.state().find_session("c")->outgoing.size() == 2);
  CHECK(lab.drops(DropReason::disk_full) == 0);
}

TEST_CASE("a 3.1.1 publisher that has waited for limits.block_max_ms is closed without an answer") {
  Lab lab;
  leave_receiver(lab);
  Client& publisher = lab.join(v311("p"));
  set_low(lab, true);
  publisher.send(message("t", "1", 1, 1));
  lab.advance_s(31);
  CHECK(publisher.all().empty());
  CHECK(publisher.closed());
}

TEST_CASE("room in a queue does not let a publisher store on a full disk") {
  Lab lab;
  leave_receiver(lab);
  Client& publisher = lab.join(v311("p"));
  set_low(lab, true);
  publisher.send(message("t", "1", 1, 1));
  lab.join(v5("c", 1'000));  // Its queue is looked at.
  CHECK(publisher.next().empty());
  CHECK_FALSE(publisher.closed());
  CHECK(lab.state().message_count() == 0);
}

TEST_CASE("a message that is refused for the disk costs no other its place in a queue") {
  Config config = quiet();
  config.limits.max_queued_messages = 2;
  config.limits.queue_full = QueueFull::drop_oldest;
  Lab lab(config);
  leave_receiver(lab);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", "1", 1);
  publisher.publish("t", "2", 1);
  set_low(lab, true);
  CHECK(publisher.publish("t", "3", 1) == ReasonCode::quota_exceeded);
  CHECK(lab.drops(DropReason::queue_full) == 0);
  CHECK(lab.state().find_session("c")->outgoing.size() == 2);
}

TEST_CASE("wills still go out, delayed ones too") {
  Lab lab;
  leave_receiver(lab);
  Client& one = lab.join(with_will(v5("one"), logged_will("at once", 0)));
  Client& two = lab.join(with_will(v5("two", 100), logged_will("later", 5)));
  set_low(lab, true);
  one.lose();
  two.lose();
  lab.advance_s(6);
  Client& client = lab.join(v5("c", 1'000));
  CHECK(client.all() == Lines{"t at once q1 #1", "t later q1 #2"});
}

TEST_CASE("a new durable session is refused, one that is there goes on") {
  Lab lab;
  leave_receiver(lab);
  Client& before = lab.join(v311("old", false));
  before.lose();
  set_low(lab, true);
  CHECK(lab.connect(v5("new", 100)).all() == Lines{"CONNACK 0x97"});
  Client& v3 = lab.connect(v311("new3", false));
  CHECK(v3.closed());
  for (const std::string& line : v3.all()) CHECK_FALSE(line == "CONNACK");
  CHECK(lab.join(v311("old", false)).connack.session_present);
  CHECK(lab.join(v5("c", 1'000)).connack.session_present);
  CHECK(lab.state().find_session("new") == nullptr);
  lab.join(v5("short"));
  set_low(lab, false);
  lab.join(v5("new", 100));
}

TEST_CASE("a clean start that would open a durable session keeps the one that is there") {
  Lab lab;
  leave_receiver(lab);
  set_low(lab, true);
  CHECK(lab.connect(v5("c", 1'000, true)).all() == Lines{"CONNACK 0x97"});
  REQUIRE(lab.state().find_session("c") != nullptr);
  CHECK(lab.state().find_session("c")->filters.contains("t"));
  lab.join(v5("c", 0, true));
  CHECK(lab.state().find_session("c")->filters.empty());
}

TEST_CASE("a durable session gets no new subscription, but may change and end those it has") {
  Lab lab;
  leave_receiver(lab);
  set_low(lab, true);
  Client& client = lab.join(v5("c", 1'000));
  CHECK(client.subscribe("u", 1) == ReasonCode::quota_exceeded);
  CHECK(client.subscribe("t", 1) == ReasonCode::granted_qos1);
  client.unsubscribe("t");
  CHECK(lab.state().find_session("c")->filters.empty());
  CHECK(lab.join(v5("short")).subscribe("u", 1) == ReasonCode::granted_qos1);
}

TEST_CASE("what was taken before is delivered, acknowledged and released") {
  Lab lab;
  leave_receiver(lab);
  Client& publisher = lab.join(v5("p", 1'000));
  publisher.publish("t", "1", 1);
  publisher.publish("t", "2", 2);
  publisher.send(message("t", "3", 2, 77));
  CHECK(publisher.next() == "PUBREC #77");
  set_low(lab, true);
  publisher.send(ack(PacketType::pubrel, 77));
  CHECK(publisher.next() == "PUBCOMP #77");
  Client& client = lab.join(v5("c", 1'000));
  CHECK(client.next_acknowledged() == "t 1 q1 #1");
  client.send(ack(PacketType::pubrec, 2));
  client.send(ack(PacketType::pubrec, 3));
  CHECK(client.all() == Lines{"t 2 q2 #2", "t 3 q2 #3", "PUBREL #2", "PUBREL #3"});
  client.send(ack(PacketType::pubcomp, 2));
  client.send(ack(PacketType::pubcomp, 3));
  CHECK(lab.state().find_session("c")->outgoing.size() == 0);
}

TEST_CASE("an operator is told that nothing was published") {
  Lab lab;
  leave_receiver(lab);
  set_low(lab, true);
  Message message;
  message.topic = "t";
  message.qos = mqtt::QoS::at_least_once;
  Turn turn(lab.world(), lab.now, lab.primary().effects());
  const auto refused = publish_message(turn, message);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text.find("disk") != std::string::npos);
}
