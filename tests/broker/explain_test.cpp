#include "broker/explain.hpp"

#include "config/listener_url.hpp"

#include "tests/broker/lab.hpp"
#include "topic/name.hpp"

#include <algorithm>

using namespace tandemq;
using mqtt::PacketType;
using mqtt::PropertyId;
using Lines = std::vector<std::string>;

namespace {

std::string show(std::int64_t ms) {
  return "T+" + std::to_string((ms - 1'700'000'000'000) / 1000);
}

struct Explained {
  Lines rows;
  Lines sentences;

  [[nodiscard]] bool says(std::string_view sentence) const {
    return std::find(sentences.begin(), sentences.end(), sentence) != sentences.end();
  }
};

// A row as a line: the event, #packet id, topic, detail; "log" if the log has it.
std::string line_of(const HistoryRow& row) {
  std::string line(name(row.what));
  if (row.number != 0 && row.what != Happening::dropped) line += " #" + std::to_string(row.number);
  if (is_about_message(row.what) && !row.text.empty()) line += " " + row.text;
  if (const std::string detail = detail_of(row); !detail.empty()) line += " (" + detail + ")";
  return line + (row.lsn != 0 ? " log" : "");
}

Explained explain(Lab& lab, const std::string& client_id, const std::string& topic = {}) {
  const World& world = lab.world();
  Present present = present_of(world, client_id, topic, lab.now);
  std::vector<HistoryRow> ring;
  while (!present.cursor.done)
    for (HistoryRow& row : world.history.page(present.cursor, 3, lab.primary().effects().next_lsn))
      ring.push_back(std::move(row));
  LogTrail trail(client_id, present.session_id, 1'000);
  for (const Record& record : lab.records()) trail.take(*open_record(record.bytes));
  const auto rows = merge(std::move(ring), trail.rows());
  Explained explained;
  for (const HistoryRow& row : rows) explained.rows.push_back(line_of(row));
  explained.sentences = conclude(present, rows, show);
  if (topic.empty()) return explained;
  SubscriptionCursor cursor;
  std::vector<SubscriptionReport> matching = list_subscriptions_of(world, client_id, cursor);
  std::erase_if(matching, [&](const auto& one) { return !matches(one.filter, topic); });
  for (std::string& one : conclude_topic(present, topic, matching))
    explained.sentences.push_back(std::move(one));
  return explained;
}

}  // namespace

TEST_CASE("what was delivered and acknowledged is told once, with its record") {
  Lab lab;
  Client& client = lab.join(v5("c", 100));
  client.subscribe("t", 2);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", "a", 1);
  publisher.publish("t", "b", 2);
  publisher.publish("t", "c");
  while (!client.next_acknowledged().empty()) {
  }
  const Explained told = explain(lab, "c");
  CHECK(told.rows == Lines{"session opened log", "SUBSCRIBE (t) log", "PUBLISH out #1 t log",
                           "PUBLISH out #2 t log", "PUBLISH out t", "PUBACK in #1 t log",
                           "PUBREC in #2 t log", "PUBCOMP in #2 t log"});
  CHECK(told.says("Nothing is in flight to it and nothing waits."));
  CHECK(explain(lab, "p").rows == Lines{"session opened", "PUBLISH in #1 t", "PUBLISH in #2 t",
                                        "PUBREL in #2", "PUBLISH in t"});
}

TEST_CASE("after a restart the log still says what happened before") {
  Lab lab;
  Client& client = lab.join(v5("c", 100));
  client.subscribe("t", 2);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", "a", 1);
  CHECK(client.next_acknowledged() == "t a q1 #1");
  publisher.publish("t", "b", 2);
  client.send(ack(PacketType::pubrec, 2));
  lab.restart();
  const Explained told = explain(lab, "c");
  CHECK(told.rows == Lines{"session opened log", "SUBSCRIBE (t) log", "PUBLISH out #1 t log",
                           "PUBACK in #1 t log", "PUBLISH out #2 t log", "PUBREC in #2 t log",
                           "disconnected (the broker stopped) log"});
  CHECK(told.says("The client 'c' is away since T+0; its session waits for it until T+100."));
  CHECK(
      told.says("Packet id 2 (QoS 2, topic 't') was received by it at T+0 and waits for PUBCOMP; "
                "it is sent again when the client is back."));
  Client& back = lab.join(v5("c", 100));
  CHECK(back.next() == "PUBREL #2");
  CHECK(explain(lab, "c").rows.back() == "PUBREL out #2 t");
}

TEST_CASE("what waits for a client that is away says since when, and QoS 0 that it is not kept") {
  Lab lab;
  Client& client = lab.join(v5("c", 100));
  client.subscribe("t", 1);
  client.disconnect();
  lab.advance_s(5);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", "a", 1);
  publisher.publish("t", "b");
  const Explained told = explain(lab, "c", "t");
  CHECK(told.rows[told.rows.size() - 2] == "queued t (the client was not connected) log");
  CHECK(told.rows.back() ==
        "not queued t (QoS 0, and the client was not connected; mqtt.queue_qos0 is off)");
  CHECK(
      told.says("1 message waits, the oldest since T+5, topic 't': the client is away since "
                "T+0."));
  CHECK(
      told.says("1 message of QoS 0 came while it was not connected and was not kept: "
                "mqtt.queue_qos0 is off, or the session does not outlive its connection."));
  CHECK(told.says("'t' (QoS 1) matches 't'."));
}

TEST_CASE("a full window is named with the limit that makes it full") {
  Lab lab;
  Client& client = lab.join(with(v5("c", 100), PropertyId::receive_maximum, 2U));
  client.subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  for (int i = 0; i < 4; ++i) publisher.publish("t", "x", 1);
  const Explained told = explain(lab, "c");
  CHECK(told.rows[4] == "queued t (as many were in flight as the client takes) log");
  CHECK(told.rows[5] == "queued t (others waited before it) log");
  CHECK(told.says("2 messages are in flight."));
  CHECK(told.says("Packet id 1 (QoS 1, topic 't') was sent at T+0 and waits for PUBACK."));
  CHECK(
      told.says("2 messages wait, the oldest since T+0, topic 't': 2 messages are in flight and "
                "its Receive Maximum is 2."));
}

TEST_CASE("a window that its listener makes smaller is told as it is there") {
  Config config = quiet();
  config.listeners.push_back(parse_listener_url("mqtt://h:1?max_inflight=1").value());
  Lab lab(config);
  Origin origin;
  origin.listener_number = 1;
  Client& client = lab.open(origin);
  client.send(v5("c", 100));
  CHECK(client.next() == "CONNACK");
  client.subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  for (int i = 0; i < 2; ++i) publisher.publish("t", "x", 1);
  CHECK(explain(lab, "c").says(
      "1 message waits, the oldest since T+0, topic 't': 1 message is in flight and "
      "limits.max_inflight is 1."));
}

TEST_CASE("a topic that the ACL denies is said to be denied, and what it has cost") {
  Policy policy{Anonymous::everywhere, {}, {}};
  policy.acl = *Acl::parse("topic readwrite a/#\ntopic write #\n");
  Lab lab(quiet(), std::move(policy));
  Client& client = lab.join(v5("c", 100));
  client.subscribe("+/x", 1);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("b/x", "x", 1);
  const Explained told = explain(lab, "c", "b/x");
  CHECK(told.rows.back() == "dropped b/x (not_authorized)");
  CHECK(
      told.says("1 message was dropped (not_authorized), the last at T+0: the ACL denies the "
                "topic to the client."));
  CHECK(told.says("But the ACL denies 'b/x' to the client: it is dropped."));
}

TEST_CASE("expired and purged messages are told with their reason, many as one row") {
  Lab lab;
  Client& client = lab.join(v5("c", 1'000));
  client.subscribe("t", 1);
  client.disconnect();
  Client& publisher = lab.join(v5("p"));
  for (int i = 0; i < 3; ++i)
    publisher.publish(with(message("t", "x", 1), PropertyId::message_expiry_interval, 10U));
  lab.advance_s(20);
  lab.join(v5("c", 1'000));
  const Explained told = explain(lab, "c");
  CHECK(told.rows.back() == "dropped t (expired, and 2 more) log");
  CHECK(
      told.says("3 messages were dropped (expired), the last at T+20: their Message Expiry "
                "Interval ran out before they could be sent."));
}

TEST_CASE("who never subscribed to the topic, and who was never here, is told so") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  CHECK(explain(lab, "c").says("It has no subscriptions: nothing is sent to it."));
  client.subscribe("a/#");
  CHECK(explain(lab, "c", "b").says("None of its 1 subscription matches 'b': it does not get it."));
  CHECK(explain(lab, "nobody").sentences ==
        Lines{"The client 'nobody' has no session, and neither the log nor the events mention it: "
              "it was never here, or it is long ago."});
}

TEST_CASE("a session id that is used again is nobody else's history, in the ring and in the log") {
  Lab lab;
  Client& first = lab.join(v5("first", 100));
  first.subscribe("of/first", 1);
  first.send(mqtt::Disconnect{mqtt::ReasonCode::success, {}});
  lab.advance_s(200);
  Client& second = lab.join(v5("second", 100));
  second.subscribe("of/second", 1);
  CHECK(explain(lab, "second").rows == Lines{"session opened log", "SUBSCRIBE (of/second) log"});
  const Explained told = explain(lab, "first");
  CHECK(told.rows.front() == "session opened log");
  CHECK(told.rows.back() == "session ended log");
  CHECK(
      told.says("The client 'first' has no session: it ended at T+100; what is published now is "
                "not kept for it."));
  lab.restart();
  CHECK(explain(lab, "first").rows == Lines{"session opened log", "SUBSCRIBE (of/first) log",
                                            "disconnected log", "session ended log"});
}

TEST_CASE("a client that is refused is told why it is not here") {
  Lab lab(quiet(), {Anonymous::nowhere, {}, {}});
  lab.connect(v5("c"));
  const Explained told = explain(lab, "c");
  CHECK(told.rows == Lines{"CONNECT refused (Not authorized)"});
  CHECK(
      told.says("The client 'c' has no session: its CONNECT was refused at T+0, Not "
                "authorized."));
}
