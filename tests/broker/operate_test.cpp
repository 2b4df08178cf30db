#include "broker/operate.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::ReasonCode;

namespace {

// What an operator does, as a batch of its own.
template <class What>
auto operate(Lab& lab, What what) {
  Turn turn(lab.world(), lab.now, lab.primary().effects());
  auto answer = what(turn);
  lab.settle();
  return answer;
}

Message own_message(std::string topic, std::string payload, mqtt::QoS qos = {}) {
  Message message;
  message.topic = std::move(topic);
  message.payload = std::move(payload);
  message.qos = qos;
  return message;
}

}  // namespace

TEST_CASE("a client that is kicked is told 0x98, and its session stays") {
  Lab lab;
  Client& client = lab.join(v5("c", 60));
  CHECK(operate(lab, [](Turn& turn) { return kick(turn, "c"); }));
  CHECK(client.next() == "DISCONNECT 0x98");
  CHECK(client.closed());
  CHECK(lab.state().find_session("c") != nullptr);
  CHECK_FALSE(operate(lab, [](Turn& turn) { return kick(turn, "c"); }));
  CHECK_FALSE(operate(lab, [](Turn& turn) { return kick(turn, "unknown"); }));
}

TEST_CASE("the will of a client that is kicked is published") {
  Lab lab;
  Client& watcher = lab.join(v5("watcher"));
  watcher.subscribe("will");
  lab.join(with_will(v5("c"), will("will", "gone")));
  operate(lab, [](Turn& turn) { return kick(turn, "c"); });
  CHECK(watcher.next() == "will gone");
}

TEST_CASE("a session that is deleted is gone, connected or not") {
  Lab lab;
  Client& connected = lab.join(v5("connected", 60));
  lab.join(v5("away", 60)).disconnect();
  CHECK(operate(lab, [](Turn& turn) { return delete_session(turn, "connected"); }));
  CHECK(operate(lab, [](Turn& turn) { return delete_session(turn, "away"); }));
  CHECK(connected.next() == "DISCONNECT 0x98");
  CHECK(lab.state().session_count() == 0);
  CHECK_FALSE(operate(lab, [](Turn& turn) { return delete_session(turn, "away"); }));
}

TEST_CASE("deleting the session of a connected client that has none beyond it succeeds") {
  Lab lab;
  lab.join(v5("c"));
  CHECK(operate(lab, [](Turn& turn) { return delete_session(turn, "c"); }));
  CHECK(lab.state().session_count() == 0);
}

TEST_CASE("what waits in a deleted session is counted as dropped") {
  Lab lab;
  Client& client = lab.join(v5("c", 60));
  client.subscribe("t", 1);
  client.disconnect();
  lab.join(v5("p")).publish("t", "1", 1);
  operate(lab, [](Turn& turn) { return delete_session(turn, "c"); });
  CHECK(lab.drops(DropReason::session_ended) == 1);
  CHECK(lab.state().message_count() == 0);
}

TEST_CASE("a purge discards what waits and leaves what is in flight") {
  Config config;
  config.limits.max_inflight = 1;
  Lab lab(config);
  Client& client = lab.join(v5("c", 60));
  client.subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  for (const char* payload : {"1", "2", "3"}) publisher.publish("t", payload, 1);
  CHECK(operate(lab, [](Turn& turn) { return purge_queue(turn, "c"); }) == 2);
  const Session& session = *lab.state().find_session("c");
  CHECK(session.outgoing.inflight_count() == 1);
  CHECK(session.outgoing.queued_count() == 0);
  CHECK(lab.drops(DropReason::purged) == 2);
  CHECK(lab.world().drops.latest().back().client_id == "c");
  CHECK(operate(lab, [](Turn& turn) { return purge_queue(turn, "c"); }) == 0);
  CHECK_FALSE(operate(lab, [](Turn& turn) { return purge_queue(turn, "nobody"); }).has_value());
}

TEST_CASE("a purge does no more than a page at once") {
  Lab lab;
  Client& client = lab.join(v5("c", 60));
  client.subscribe("t", 1);
  client.disconnect();
  Client& publisher = lab.join(v5("p"));
  for (std::size_t i = 0; i < kOperatePage + 1; ++i) publisher.publish("t", "x", 1);
  CHECK(operate(lab, [](Turn& turn) { return purge_queue(turn, "c"); }) == kOperatePage);
  CHECK(operate(lab, [](Turn& turn) { return purge_queue(turn, "c"); }) == 1);
}

TEST_CASE("a purge makes room for a publisher that waits") {
  Config config;
  config.limits.max_queued_messages = 1;
  config.limits.queue_full = QueueFull::block;
  Lab lab(config);
  Client& client = lab.join(v5("c", 60));
  client.subscribe("t", 1);
  client.disconnect();
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", "1", 1);
  publisher.send(message("t", "2", 1, 7));
  CHECK(publisher.next().empty());
  operate(lab, [](Turn& turn) { return purge_queue(turn, "c"); });
  CHECK(publisher.next() == "PUBACK #7");
}

TEST_CASE("retained messages are deleted by filter, and only those") {
  Lab lab;
  Client& publisher = lab.join(v5("p"));
  for (const char* topic : {"a/1", "a/2", "b/1"}) publisher.publish(retained(topic, "x", 1));
  TopicCursor cursor;
  CHECK(operate(lab, [&](Turn& turn) { return delete_retained(turn, "a/+", cursor); }) == 2);
  CHECK(cursor.done);
  CHECK(lab.state().find_retained("b/1") != nullptr);
  CHECK(lab.state().retained_topics().size() == 1);
}

TEST_CASE("a message of the operator goes to subscribers and is retained") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.subscribe("t", 1);
  Message message = own_message("t", "hello", mqtt::QoS::at_least_once);
  message.retain = true;
  const auto routed = operate(lab, [&](Turn& turn) { return publish_message(turn, message); });
  CHECK(routed == Routed::delivered);
  CHECK(client.next_acknowledged() == "t hello q1 #1");
  CHECK(lab.state().find_retained("t")->payload == "hello");
  const auto nobody =
      operate(lab, [](Turn& turn) { return publish_message(turn, own_message("elsewhere", "x")); });
  CHECK(nobody == Routed::no_subscribers);
}

TEST_CASE("an operator's message that the settings forbid is refused with a reason") {
  Config config;
  config.mqtt.max_qos = 1;
  config.mqtt.retain_available = false;
  Lab lab(config);
  const auto refused = [&](const Message& message) {
    return !operate(lab, [&](Turn& turn) { return publish_message(turn, message); }).has_value();
  };
  CHECK(refused(own_message("", "x")));
  CHECK(refused(own_message("a/#", "x")));
  CHECK(refused(own_message("$SYS/x", "x")));
  CHECK(refused(own_message("$share/g/x", "x")));
  CHECK(refused(own_message("t", "x", mqtt::QoS::exactly_once)));
  Message kept = own_message("t", "x");
  kept.retain = true;
  CHECK(refused(kept));
  CHECK_FALSE(refused(own_message("t", "x")));
}

TEST_CASE("an operator's message for a full queue is refused and goes to nobody") {
  Config config;
  config.limits.max_queued_messages = 1;
  Lab lab(config);
  Client& client = lab.join(v5("c", 60));
  client.subscribe("t", 1);
  client.disconnect();
  const auto publish = [&] {
    return operate(lab, [](Turn& turn) {
      return publish_message(turn, own_message("t", "x", mqtt::QoS::at_least_once));
    });
  };
  CHECK(publish() == Routed::delivered);
  CHECK_FALSE(publish().has_value());
  CHECK(lab.state().find_session("c")->outgoing.queued_count() == 1);
}

TEST_CASE("what an operator changes is in the log") {
  Lab lab;
  lab.join(v5("p")).publish(retained("t", "x", 1));
  const std::size_t before = lab.records().size();
  TopicCursor cursor;
  operate(lab, [&](Turn& turn) { return delete_retained(turn, "#", cursor); });
  CHECK(lab.records().size() == before + 1);
}
