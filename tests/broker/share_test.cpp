#include "broker/share.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::PacketType;
using mqtt::PropertyId;
using Lines = std::vector<std::string>;

namespace {

Client& member(Lab& lab, std::string_view client_id, std::uint32_t expiry_s = 0, int qos = 2) {
  Client& client = lab.join(v5(client_id, expiry_s));
  client.subscribe("$share/g/t", qos);
  return client;
}

}  // namespace

TEST_CASE("a shared group takes turns, beginning with its first member") {
  Lab lab;
  Client& a = member(lab, "a");
  Client& b = member(lab, "b");
  Client& c = member(lab, "c");
  Client& publisher = lab.join(v5("p"));
  for (int i = 1; i <= 4; ++i) publisher.publish("t", std::to_string(i));
  CHECK(a.all() == Lines{"t 1", "t 4"});
  CHECK(b.all() == Lines{"t 2"});
  CHECK(c.all() == Lines{"t 3"});
}

TEST_CASE("each group gets its own copy, and so does a plain subscription of the same client") {
  Lab lab;
  Client& a = member(lab, "a");
  a.subscribe("t");
  a.subscribe("$share/h/+", 1);
  a.publish("t", "x", 1);
  CHECK(a.all().size() == 3);
}

TEST_CASE("members who are away are passed over; if all are, the message waits for one") {
  Lab lab;
  Client& a = member(lab, "a", 100);
  Client& b = member(lab, "b", 100);
  Client& publisher = lab.join(v5("p"));
  a.lose();
  publisher.publish("t", "1", 1);
  publisher.publish("t", "2", 1);
  CHECK(b.next_acknowledged() == "t 1 q1 #1");
  CHECK(b.next_acknowledged() == "t 2 q1 #2");
  b.lose();
  publisher.publish("t", "3", 1);
  CHECK(lab.state().queued_count() == 1);
}

TEST_CASE("[MQTT-4.8.2-3] a shared message has at most the QoS that its member was granted") {
  Lab lab;
  Client& a = member(lab, "a", 0, 1);
  lab.join(v5("p")).publish("t", "x", 2);
  CHECK(a.next() == "t x q1 #1");
}

TEST_CASE("QoS 1 that a member has not acknowledged goes to another when it leaves") {
  Lab lab;
  Client& a = member(lab, "a", 100);
  Client& b = member(lab, "b", 100);
  lab.join(v5("p")).publish("t", "1", 1);
  CHECK(a.next() == "t 1 q1 #1");
  a.lose();
  CHECK(b.next() == "t 1 q1 #1");
  CHECK(lab.join(v5("a", 100)).next().empty());
}

TEST_CASE("[MQTT-4.8.2-4] QoS 2 that was sent waits for its member to come back") {
  Lab lab;
  Client& a = member(lab, "a", 100);
  Client& b = member(lab, "b", 100);
  lab.join(v5("p")).publish("t", "1", 2);
  a.lose();
  CHECK(b.next().empty());
  CHECK(lab.join(v5("a", 100)).next() == "t 1 q2 #1 dup");
}

TEST_CASE("[MQTT-4.8.2-5] QoS 2 that was sent goes to nobody else when its session ends") {
  Lab lab;
  Client& a = member(lab, "a");
  Client& b = member(lab, "b");
  lab.join(v5("p")).publish("t", "1", 2);
  a.lose();
  CHECK(b.next().empty());
  CHECK(lab.drops(DropReason::session_ended) == 1);
}

TEST_CASE("what waits for a session that ends goes to a member who is away, too") {
  Lab lab;
  Client& a = member(lab, "a", 10);
  member(lab, "b", 100).lose();
  a.lose();
  lab.join(v5("p")).publish("t", "1", 1);
  lab.advance_s(20);
  CHECK(lab.join(v5("b", 100)).next() == "t 1 q1 #1");
  CHECK(lab.drops(DropReason::session_ended) == 0);
}

TEST_CASE(
    "a message of a session without log goes to a durable one although the log has forgotten it") {
  Lab lab;
  Client& durable = lab.join(v5("d", 100));
  durable.subscribe("t", 1);
  Client& a = member(lab, "a");
  lab.join(v5("p")).publish("t", "1", 1);
  CHECK(a.next() == "t 1 q1 #1");
  CHECK(durable.next_acknowledged() == "t 1 q1 #1");
  CHECK(lab.state().message_count() == 0);
  member(lab, "b", 100).lose();
  a.lose();
  CHECK(lab.state().message_count() == 1);
  CHECK(lab.join(v5("b", 100)).next() == "t 1 q1 #1");
}

TEST_CASE("a group that is left is left out") {
  Lab lab;
  Client& a = member(lab, "a");
  Client& b = member(lab, "b");
  a.unsubscribe("$share/g/t");
  for (int i = 1; i <= 2; ++i) a.publish("t", std::to_string(i));
  CHECK(a.next().empty());
  CHECK(b.all() == Lines{"t 1", "t 2"});
}

TEST_CASE("no retained messages for a shared subscription") {
  Lab lab;
  lab.join(v5("p")).publish(retained("t", "kept"));
  CHECK(member(lab, "a").next().empty());
}

TEST_CASE("a shared subscription has its identifier; MQTT 3.1.1 may share too") {
  Lab lab;
  Client& a = lab.join(v5("a"));
  a.subscribe(entry("$share/g/t"), 7);
  Client& b = lab.join(v311("b"));
  b.subscribe("$share/g/t");
  for (int i = 1; i <= 2; ++i) a.publish("t", std::to_string(i));
  CHECK(a.all() == Lines{"t 1 ids=7"});
  CHECK(b.all() == Lines{"t 2"});
}
