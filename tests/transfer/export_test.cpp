#include "transfer/export.hpp"

#include "tests/transfer/transfer_lab.hpp"

#include <string>
#include <vector>

using namespace tandemq;
using mqtt::PacketType;

namespace {

using Lines = std::vector<std::string>;

// A session that is away, with `count` messages of QoS 1 waiting on the topic "t".
void queue_for(Lab& lab, std::string_view client_id, int count) {
  Client& client = lab.join(v5(client_id, 600));
  client.subscribe("t", 1);
  client.disconnect();
  Client& publisher = lab.join(v5("publisher"));
  for (int i = 1; i <= count; ++i) publisher.publish("t", std::to_string(i), 1);
  publisher.disconnect();
}

bool names(const std::string& line, const std::string& part) {
  return line.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an export of nothing has no lines") {
  Lab lab;
  CHECK(export_of(lab).lines.empty());
}

TEST_CASE("a session comes before its subscriptions, a message before what names it") {
  Lab lab;
  queue_for(lab, "c", 2);
  const Lines lines = export_of(lab).lines;
  REQUIRE(lines.size() == 6);
  CHECK(names(lines[0], R"("type":"session","client":"c")"));
  CHECK(names(lines[1], R"("type":"subscription","client":"c","filter":"t")"));
  CHECK(names(lines[2], R"("type":"message","id":1,"topic":"t","payload":"1")"));
  CHECK(names(lines[3], R"("type":"queued","client":"c","message":1,"qos":1)"));
  CHECK(names(lines[4], R"("payload":"2")"));
  CHECK(names(lines[5], R"("message":2)"));
}

TEST_CASE("a message that two sessions wait for and that is retained has one line") {
  Lab lab;
  queue_for(lab, "a", 0);
  queue_for(lab, "b", 0);
  lab.join(v5("p")).publish(retained("t", "x", 1));
  const Lines lines = export_of(lab).lines;
  CHECK(of_type(lines, "message").size() == 1);
  CHECK(of_type(lines, "queued").size() == 2);
  CHECK(of_type(lines, "retained") == Lines{R"({"type":"retained","message":1})"});
}

TEST_CASE("sessions that end with their connection are not exported") {
  Lab lab;
  lab.join(v5("short")).subscribe("t", 1);
  lab.join(v5("p")).publish("t", "1", 1);
  CHECK(export_of(lab).lines.empty());
}

TEST_CASE("the phases of the handshakes and their packet ids are exported, both ways") {
  Lab lab;
  Client& client = lab.join(v5("c", 600));
  client.subscribe("t", 2);
  Client& publisher = lab.join(v5("p"));
  for (const char* payload : {"1", "2"}) publisher.publish("t", payload, 2);
  client.send(ack(PacketType::pubrec, 1));
  client.send(message("elsewhere", "x", 2, 77));
  const Lines lines = export_of(lab).lines;
  CHECK(names(of_type(lines, "session").at(0), R"("incoming":[77])"));
  const Lines queued = of_type(lines, "queued");
  REQUIRE(queued.size() == 2);
  CHECK(names(queued[0], R"("packet_id":1,"released":true)"));
  CHECK_FALSE(names(queued[0], R"("message":)"));
  CHECK(names(queued[1], R"("packet_id":2,"released":false)"));
}

TEST_CASE("retained topics of '$' and wills are exported, and a scope leaves out the others") {
  Lab lab;
  queue_for(lab, "c", 1);
  lab.join(with_will(v5("mortal", 600), will("w", "gone", 60)));
  Client& publisher = lab.join(v5("p"));
  publisher.publish(retained("$own/topic", "x", 1));
  publisher.publish(retained("plain", "y", 1));
  const Lines all = export_of(lab).lines;
  CHECK(of_type(all, "retained").size() == 2);
  CHECK(of_type(all, "will").size() == 1);
  const Lines only_retained = export_of(lab, {{}, false, true}).lines;
  CHECK(only_retained.size() == 4);
  CHECK(of_type(only_retained, "retained").size() == 2);
  const Lines only_sessions = export_of(lab, {{}, true, false}).lines;
  CHECK(of_type(only_sessions, "retained").empty());
  CHECK(of_type(only_sessions, "session").size() == 2);
  CHECK(of_type(only_sessions, "will").size() == 1);
}

TEST_CASE("an export of one client holds its session and its will alone") {
  Lab lab;
  queue_for(lab, "other", 1);
  lab.join(with_will(v5("c", 600), will("w", "gone", 60))).subscribe("s", 1);
  lab.join(v5("p")).publish(retained("plain", "y", 1));
  const Lines lines = export_of(lab, {"c", true, true}).lines;
  REQUIRE(lines.size() == 3);
  for (const std::string& line : lines) CHECK(names(line, R"("client":"c")"));
  CHECK(export_of(lab, {"nobody", true, true}).lines.empty());
}

TEST_CASE("a long queue comes in several pages, each message once and in order") {
  Lab lab;
  queue_for(lab, "c", 2500);
  const Exported exported = export_of(lab);
  CHECK(exported.pages >= 3);
  const Lines messages = of_type(exported.lines, "message");
  REQUIRE(messages.size() == 2500);
  for (std::size_t i = 0; i < messages.size(); ++i)
    CHECK(names(messages[i], "\"payload\":\"" + std::to_string(i + 1) + "\""));
  CHECK(of_type(exported.lines, "queued").size() == 2500);
  CHECK(of_type(exported.lines, "session").size() == 1);
}

TEST_CASE("messages that are on disk only are read for the export") {
  Config config = quiet();
  config.memory.bodies_max_bytes = 1;
  Lab lab(config);
  queue_for(lab, "c", 50);
  lab.advance_s(60);  // The tables are written.
  const Session& session = *lab.state().find_session("c");
  REQUIRE(session.outgoing[session.outgoing.size() - 1].on_disk());
  const Exported exported = export_of(lab);
  CHECK(of_type(exported.lines, "message").size() == 50);
  CHECK(exported.left_out == 0);
}

TEST_CASE("what is delivered between two pages is left out") {
  Config config = quiet();
  config.memory.bodies_max_bytes = 1;
  Lab lab(config);
  queue_for(lab, "c", 5);
  lab.advance_s(60);
  ExportCursor cursor;
  ExportText text;
  auto page = export_page(lab.state(), {}, cursor);
  const std::size_t wanted = text.wanted(page).size();
  CHECK(wanted > 0);
  const std::vector<Line> lines = text.lines(std::move(page), {});  // None could be read.
  CHECK(text.left_out() == wanted);
  for (const Line& line : lines) CHECK_FALSE(std::holds_alternative<MessageLine>(line));
}

TEST_CASE("what goes into flight while the export is under way is written as waiting") {
  Lab lab;
  queue_for(lab, "c", 1500);
  ExportCursor cursor;
  ExportText text;
  std::vector<Line> lines = text.lines(export_page(lab.state(), {}, cursor), {});
  Client& client = lab.join(v5("c", 600));
  while (!client.next_acknowledged().empty()) {
    if (lab.state().find_session("c")->outgoing.size() < 400) break;
  }
  while (cursor.stage != ExportCursor::Stage::done)
    for (Line& line : text.lines(export_page(lab.state(), {}, cursor), {}))
      lines.push_back(std::move(line));
  std::size_t count = 0;
  for (const Line& line : lines) {
    const auto* queued = std::get_if<QueuedLine>(&line);
    if (queued == nullptr) continue;
    ++count;
    CHECK(queued->packet_id == 0);
  }
  CHECK(count < 1500);
  CHECK(count >= 1000);
}
