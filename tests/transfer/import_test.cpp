#include "transfer/import.hpp"

#include "tests/transfer/transfer_lab.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace tandemq;
using mqtt::PacketType;

namespace {

using Lines = std::vector<std::string>;

// Of a client "c" that is away: what it has in flight in each phase and what waits, a QoS 2 message
// that it has not released, a shared subscription, a retained message and a delayed will.
Lines lines_of_everything() {
  Config config = quiet();
  config.limits.max_inflight = 3;
  Lab lab(config);
  Client& client = lab.join(with_will(v5("c", 600), will("will", "gone", 300)));
  client.subscribe(entry("t", 2), 7);
  client.subscribe("$share/g/shared", 1);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", "released", 2);
  publisher.publish("t", "sent2", 2);
  publisher.publish("t", "sent1", 1);
  publisher.publish(with(message("t", "waits2", 2), mqtt::PropertyId::content_type, "text"));
  publisher.publish("t", "waits1", 1);
  publisher.publish(retained("kept", "r", 1));
  client.send(ack(PacketType::pubrec, 1));
  client.send(message("elsewhere", "x", 2, 77));
  client.lose();
  return export_of(lab).lines;
}

// Times that an import counts from its own.
Lines without_times(Lines lines) {
  for (std::string& line : lines) {
    const std::size_t begin = line.find("\"suspended_at\":");
    if (begin != std::string::npos) line.erase(begin, line.find(',', begin) - begin + 1);
  }
  return lines;
}

std::string session_line(std::string_view client, int expiry_s = 600) {
  return R"({"type":"session","client":")" + std::string(client) + R"(","user":"","expiry_s":)" +
         std::to_string(expiry_s) + R"(,"incoming":[]})";
}

std::string message_line(int id, std::string_view topic = "t", std::string_view payload = "x",
                         std::string_view more = "") {
  return R"({"type":"message","id":)" + std::to_string(id) + R"(,"topic":")" + std::string(topic) +
         R"(","payload":")" + std::string(payload) + R"(","qos":1,"retain":false)" +
         std::string(more) + "}";
}

std::string queued_line(std::string_view client, int id, std::string_view more = "") {
  return R"({"type":"queued","client":")" + std::string(client) + R"(","message":)" +
         std::to_string(id) + R"(,"qos":1)" + std::string(more) + "}";
}

std::string retained_line(int id) {
  return R"({"type":"retained","message":)" + std::to_string(id) + "}";
}

std::string will_line(std::string_view client, std::string_view more = "") {
  return R"({"type":"will","client":")" + std::string(client) +
         R"(","topic":"will","payload":"gone","qos":1)" + std::string(more) + "}";
}

bool has(const Lines& reasons, std::string_view part) {
  return std::ranges::any_of(
      reasons, [&](const std::string& why) { return why.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("what was exported is imported, and an export of it has the same lines") {
  const Lines lines = lines_of_everything();
  Lab lab;
  lab.join(v5("busy", 600)).publish(retained("own", "x", 1));  // Ids of the lines are in use here.
  lab.join(v5("p")).publish(retained("own", "", 1));
  CHECK(import_into(lab, lines).empty());
  Lines again;
  std::ranges::copy_if(export_of(lab).lines, std::back_inserter(again),
                       [](const auto& line) { return line.find("\"busy\"") == std::string::npos; });
  // Only the ids of messages are other ones.
  Lab fresh;
  CHECK(import_into(fresh, lines).empty());
  CHECK(without_times(export_of(fresh).lines).size() == lines.size());
  CHECK(again.size() == lines.size());
  CHECK(of_type(without_times(again), "session") == of_type(without_times(lines), "session"));
  CHECK(of_type(again, "subscription") == of_type(lines, "subscription"));
  CHECK(of_type(again, "will") == of_type(lines, "will"));
}

TEST_CASE("an import of an export into an empty broker is exported as the same lines") {
  Lab source;
  Client& client = source.join(v5("c", 600));
  client.subscribe("t", 1);
  client.disconnect();
  Client& publisher = source.join(v5("p"));
  for (const char* payload : {"1", "2", "3"}) publisher.publish("t", payload, 1);
  publisher.publish(retained("kept", "r", 1));
  const Lines lines = export_of(source).lines;
  Lab lab;
  CHECK(import_into(lab, lines).empty());
  CHECK(export_of(lab).lines == lines);
}

TEST_CASE("handshakes go on after an import where they stopped") {
  Lab lab;
  CHECK(import_into(lab, lines_of_everything()).empty());
  Client& client = lab.join(v5("c", 600));
  CHECK(client.connack.session_present);
  CHECK(client.next() == "PUBREL #1");
  CHECK(client.next() == "t sent2 q2 #2 dup ids=7");
  CHECK(client.next() == "t sent1 q1 #3 dup ids=7");
  CHECK(client.next().starts_with("t waits2 q2 #4"));
  CHECK(client.next() == "t waits1 q1 #5 ids=7");
  CHECK(client.next().empty());
  client.send(ack(PacketType::pubcomp, 1));
  client.send(ack(PacketType::pubrec, 2));
  CHECK(client.next() == "PUBREL #2");
  // Its own message of QoS 2 was taken before: it is not delivered again.
  Client& watcher = lab.join(v5("watcher"));
  watcher.subscribe("elsewhere", 1);
  client.send(message("elsewhere", "x", 2, 77));
  CHECK(client.next() == "PUBREC #77");
  client.send(ack(PacketType::pubrel, 77));
  CHECK(client.next() == "PUBCOMP #77");
  CHECK(watcher.next().empty());
}

TEST_CASE("what was imported is there after a restart") {
  Lab lab;
  CHECK(import_into(lab, lines_of_everything()).empty());
  lab.restart();
  Client& client = lab.join(v5("c", 600));
  CHECK(client.next() == "PUBREL #1");
  CHECK(client.next() == "t sent2 q2 #2 dup ids=7");
  CHECK(lab.state().find_retained("kept")->payload == "r");
}

TEST_CASE("a session that is imported expires counted from the import") {
  Lab lab;
  CHECK(import_into(lab, {session_line("c", 60)}).empty());
  lab.advance_s(59);
  CHECK(lab.state().find_session("c") != nullptr);
  lab.advance_s(2);
  CHECK(lab.state().find_session("c") == nullptr);
}

TEST_CASE("a session that is here stays, and all lines of its client are refused") {
  Lab lab;
  lab.join(v5("c", 600)).disconnect();
  const Lines lines = {session_line("c"), message_line(1), queued_line("c", 1), will_line("c")};
  const Lines reasons = import_into(lab, lines);
  CHECK(reasons.size() == 3);
  CHECK(has(reasons, "The client 'c' has a session here. --replace"));
  CHECK(has(reasons, "has a session here that is not of this import"));
  CHECK(lab.state().find_session("c")->outgoing.size() == 0);
  CHECK(lab.state().message_count() == 0);
}

TEST_CASE("with replace a session that is away makes room, one that is connected does not") {
  Lab lab;
  lab.join(v5("away", 600)).subscribe("old", 1);
  Client& connected = lab.join(v5("connected", 600));
  connected.subscribe("old", 1);
  lab.step(Closed{make_connection_id(0, 1, 0), "lost"});
  const Lines lines = {session_line("away"), session_line("connected"), message_line(1),
                       queued_line("away", 1), queued_line("connected", 1)};
  const Lines reasons = import_into(lab, lines, true);
  CHECK(reasons.size() == 2);
  CHECK(has(reasons, "The client 'connected' is connected here; what it has is not touched."));
  CHECK(lab.state().find_session("away")->filters.empty());
  CHECK(lab.state().find_session("away")->outgoing.size() == 1);
  CHECK(lab.state().find_session("connected")->filters.size() == 1);
  CHECK(connected.next().empty());
}

TEST_CASE("a client that connects while the import goes on is not touched any more") {
  Lab lab;
  Importer importer(false);
  CHECK(import_page(lab, importer, {session_line("c"), message_line(1), queued_line("c", 1)})
            .refused.empty());
  Client& client = lab.join(v5("c", 600));
  CHECK(client.next_acknowledged() == "t x q1 #1");
  const auto report = import_page(lab, importer, {message_line(2), queued_line("c", 2)});
  REQUIRE(report.refused.size() == 1);
  CHECK(report.refused[0].line == 1);
  CHECK(client.next().empty());
}

TEST_CASE("a message that the first of its receivers has acknowledged reaches the next one") {
  Lab lab;
  Importer importer(false);
  import_page(lab, importer,
              {session_line("a"), session_line("b"), message_line(1), queued_line("a", 1)});
  CHECK(lab.join(v5("a", 600)).next_acknowledged() == "t x q1 #1");
  CHECK(lab.state().message_count() == 0);
  CHECK(import_page(lab, importer, {queued_line("b", 1)}).refused.empty());
  CHECK(lab.join(v5("b", 600)).next_acknowledged() == "t x q1 #1");
}

TEST_CASE("what names nothing that came before is refused") {
  Lab lab;
  const Lines reasons =
      import_into(lab, {queued_line("nobody", 1), session_line("c"), queued_line("c", 9),
                        retained_line(9), message_line(1), message_line(1)});
  CHECK(reasons.size() == 4);
  CHECK(has(reasons, "The client 'nobody' has no session"));
  CHECK(has(reasons, "The message 9 has no line before this one"));
  CHECK(has(reasons, "The message 1 has two lines"));
}

TEST_CASE("a header begins anew: its messages have ids of their own") {
  Lab lab;
  const std::string header = R"({"type":"header","format":1,"source":"x"})";
  CHECK(import_into(lab, {header, message_line(1, "a"), retained_line(1), header,
                          message_line(1, "b"), retained_line(1)})
            .empty());
  CHECK(lab.state().retained_topics().size() == 2);
}

TEST_CASE("what is in flight stands before what waits, with a packet id of its own") {
  Lab lab;
  const Lines reasons = import_into(
      lab, {session_line("c"), message_line(1), queued_line("c", 1, R"(,"packet_id":5)"),
            queued_line("c", 1, R"(,"packet_id":5)"), queued_line("c", 1),
            queued_line("c", 1, R"(,"packet_id":6)")});
  CHECK(reasons.size() == 2);
  CHECK(has(reasons, "has a delivery with this packet id already"));
  CHECK(has(reasons, "What is in flight stands before what waits."));
}

TEST_CASE("a retained message that is newer here stays, an older one is replaced") {
  Lab lab;
  lab.join(v5("p")).publish(retained("t", "here", 1));
  const std::string before = R"(,"published_at":)" + std::to_string(lab.now.ms - 1);
  const std::string after = R"(,"published_at":)" + std::to_string(lab.now.ms + 1);
  CHECK(has(import_into(lab, {message_line(1, "t", "older", before), retained_line(1)}),
            "The retained message that 't' has here is newer; it stays."));
  CHECK(lab.state().find_retained("t")->payload == "here");
  CHECK(import_into(lab, {message_line(1, "t", "newer", after), retained_line(1)}).empty());
  CHECK(lab.state().find_retained("t")->payload == "newer");
}

TEST_CASE("the limits hold for an import, and nothing is stored that they refuse") {
  Config config = quiet();
  config.limits.max_queued_messages = 1;
  config.limits.retained_messages_max = 1;
  config.limits.topic_levels_max = 2;
  config.mqtt.max_qos = 1;
  Lab lab(config);
  const Lines reasons = import_into(
      lab, {session_line("c"), session_line("d", 0), message_line(1), queued_line("c", 1),
            message_line(2), queued_line("c", 2), retained_line(1), message_line(3, "u"),
            retained_line(3), message_line(4, "a/b/c"), will_line("w", R"(,"qos":2)"),
            R"({"type":"queued","client":"c","message":1,"qos":0})",
            R"({"type":"subscription","client":"c","filter":"a/b/c","qos":1})"});
  CHECK(reasons.size() == 7);
  CHECK(has(reasons, "The session of 'd' ends with its connection."));
  CHECK(has(reasons, "The queue of 'c' is full"));
  CHECK(has(reasons, "limits.retained_messages_max is reached."));
  CHECK(has(reasons, "The topic has more levels"));
  CHECK(has(reasons, "The filter has more levels"));
  CHECK(has(reasons, "mqtt.queue_qos0 is off"));
  CHECK(has(reasons, "The will cannot be accepted"));
  CHECK(lab.state().message_count() == 1);
}

TEST_CASE("a message that has expired meanwhile is counted and not imported") {
  Lab lab;
  Importer importer(false);
  const auto report =
      import_page(lab, importer,
                  {session_line("c"), message_line(1, "t", "x", R"(,"expires_at":1000)"),
                   queued_line("c", 1), retained_line(1), queued_line("c", 1)});
  CHECK(report.expired == 3);
  CHECK(report.refused.empty());
  CHECK(lab.state().message_count() == 0);
}

TEST_CASE("nothing is taken while the disk is nearly full") {
  Lab lab;
  lab.primary().broker().set_disk_low(true);
  Importer importer(false);
  Turn turn(lab.world(), lab.now, lab.primary().effects());
  CHECK_FALSE(importer.take(turn, {SessionLine{"c", "", 600, {}, {}, {}}}).has_value());
  CHECK(lab.state().session_count() == 0);
}

TEST_CASE("a will is published when it is due, and not if its client is there before") {
  Lab lab;
  Client& watcher = lab.join(v5("watcher"));
  watcher.subscribe("will", 1);
  const std::string at = R"(,"at":)" + std::to_string(lab.now.plus_s(30).ms);
  CHECK(import_into(lab, {session_line("late"), session_line("back"), will_line("late", at),
                          will_line("back", at)})
            .empty());
  lab.advance_s(29);
  CHECK(watcher.next().empty());
  lab.join(v5("back", 600));
  lab.advance_s(2);
  CHECK(watcher.next_acknowledged() == "will gone q1 #1");
  CHECK(watcher.next().empty());
}

TEST_CASE("the will of a client that was connected waits for its delay, or is due at once") {
  Lab lab;
  Client& watcher = lab.join(v5("watcher"));
  watcher.subscribe("will", 1);
  import_into(lab, {session_line("c"), will_line("c", R"(,"delay_s":10)"), will_line("gone")});
  CHECK(watcher.next_acknowledged() == "will gone q1 #1");
  lab.advance_s(11);
  CHECK(watcher.next_acknowledged() == "will gone q1 #2");
}

TEST_CASE("the will of a connected client is its own") {
  Lab lab;
  Client& client = lab.join(with_will(v5("c", 600), will("own", "x", 0)));
  CHECK(has(import_into(lab, {will_line("c")}, true), "is connected here"));
  CHECK(lab.state().wills().find("c")->second.will.message->topic == "own");
  CHECK(client.next().empty());
}
