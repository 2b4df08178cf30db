#include "broker/inspect.hpp"

#include "tests/broker/lab.hpp"

#include <set>
#include <string>

using namespace tandemq;

namespace {

// All pages of a list.
template <class Cursor, class List>
auto all_pages(List list) {
  Cursor cursor;
  auto all = list(cursor);
  const auto done = [&] {
    if constexpr (requires { cursor.session; }) {
      return cursor.session.done;
    } else {
      return cursor.done;
    }
  };
  while (!done()) {
    auto page = list(cursor);
    CHECK(page.size() <= kPageRows);
    all.insert(all.end(), page.begin(), page.end());
  }
  return all;
}

}  // namespace

TEST_CASE("the status counts what the broker holds and has done") {
  Lab lab;
  Client& client = lab.join(v5("c", 60));
  client.subscribe("t", 1);
  client.disconnect();
  Client& publisher = lab.join(v311("p"));
  publisher.publish(retained("t", "12345", 1));
  publisher.publish("nowhere", "x", 2);
  lab.advance_s(7);
  const StatusReport status = inspect_status(lab.world(), lab.now);
  CHECK(status.uptime_ms == 7'000);
  CHECK(status.connections == 1);
  CHECK(status.sessions == 2);
  CHECK(status.subscriptions == 1);
  CHECK(status.retained_count == 1);
  CHECK(status.retained_bytes == 6);
  CHECK(status.queued_count == 1);
  CHECK(status.messages_stored == 1);
  CHECK(status.counters.messages_received[1] == 1);
  CHECK(status.counters.messages_received[2] == 1);
  CHECK(status.dropped == 0);
}

TEST_CASE("drops are counted by reason in the status") {
  Config config;
  config.limits.max_queued_messages = 1;
  config.limits.queue_full = QueueFull::drop_newest;
  Lab lab(config);
  Client& client = lab.join(v5("c", 60));
  client.subscribe("t", 1);
  client.disconnect();
  Client& publisher = lab.join(v5("p"));
  for (int i = 0; i < 3; ++i) publisher.publish("t", "x", 1);
  const StatusReport status = inspect_status(lab.world(), lab.now);
  CHECK(status.drops[static_cast<std::size_t>(DropReason::queue_full)] == 2);
  CHECK(status.dropped == 2);
}

TEST_CASE("a client shows who it is and what it has done") {
  Lab lab;
  Origin origin;
  origin.address = "192.0.2.1:5";
  origin.listener = "mqtt://0.0.0.0:1883";
  Client& client = lab.open(std::move(origin));
  mqtt::Connect connect = v5("c", 60);
  connect.keep_alive_s = 30;
  client.send(std::move(connect));
  client.all();
  client.subscribe("a");
  client.subscribe("b");
  client.publish("a", "x");
  const auto report = inspect_client(lab.world(), "c");
  REQUIRE(report);
  CHECK(report->client_id == "c");
  CHECK(report->address == "192.0.2.1:5");
  CHECK(report->listener == "mqtt://0.0.0.0:1883");
  CHECK(report->protocol == "5.0");
  CHECK(report->connected_at == lab.now);
  CHECK(report->keep_alive_s == 30);
  CHECK(report->session_expiry_s == 60);
  CHECK(report->subscriptions == 2);
  CHECK(report->received_count == 1);
  CHECK(report->sent_count == 1);
  CHECK_FALSE(report->blocked);
}

TEST_CASE("clients list only those that are connected, sessions list all") {
  Lab lab;
  lab.join(v5("here"));
  lab.join(v5("away", 60)).disconnect();
  lab.open();  // Has not said CONNECT.
  const auto clients = all_pages<SessionCursor>(
      [&](SessionCursor& cursor) { return list_clients(lab.world(), cursor); });
  REQUIRE(clients.size() == 1);
  CHECK(clients[0].client_id == "here");
  const auto sessions = all_pages<SessionCursor>(
      [&](SessionCursor& cursor) { return list_sessions(lab.world(), cursor); });
  REQUIRE(sessions.size() == 2);
  CHECK(sessions[0].connected);
  CHECK_FALSE(sessions[0].durable);
  CHECK_FALSE(sessions[1].connected);
  CHECK(sessions[1].durable);
  CHECK(sessions[1].expires_at == lab.now.plus_s(60));
  CHECK_FALSE(inspect_client(lab.world(), "away").has_value());
  CHECK(inspect_session(lab.world(), "away").has_value());
  CHECK_FALSE(inspect_session(lab.world(), "nobody").has_value());
}

TEST_CASE("a list of more than a page comes in pages, each session once") {
  Lab lab;
  constexpr std::size_t kSessions = 1'200;
  lab.batch([&] {
    for (std::size_t i = 0; i < kSessions; ++i) lab.open().send(v5("c" + std::to_string(i)));
  });
  SessionCursor cursor;
  CHECK(list_sessions(lab.world(), cursor).size() == kPageRows);
  CHECK_FALSE(cursor.done);
  CHECK(list_sessions(lab.world(), cursor).size() == kSessions - kPageRows);
  CHECK(cursor.done);
  CHECK(list_sessions(lab.world(), cursor).empty());
}

TEST_CASE("subscriptions are listed with their options, of all clients and of one") {
  Lab lab;
  Client& one = lab.join(v5("one"));
  mqtt::SubscribeEntry wanted = entry("a/+", 2);
  wanted.no_local = true;
  one.subscribe(wanted, 9);
  lab.join(v5("two")).subscribe("$share/g/b", 1);
  const auto all = all_pages<SubscriptionCursor>(
      [&](SubscriptionCursor& cursor) { return list_subscriptions(lab.world(), cursor); });
  REQUIRE(all.size() == 2);
  CHECK(all[0].client_id == "one");
  CHECK(all[0].filter == "a/+");
  CHECK(all[0].identifier == 9);
  CHECK(all[0].options.qos == 2);
  CHECK(all[0].options.no_local);
  CHECK(all[1].filter == "$share/g/b");
  SubscriptionCursor cursor;
  CHECK(list_subscriptions_of(lab.world(), "two", cursor).size() == 1);
  CHECK(cursor.session.done);
  CHECK(list_subscriptions_of(lab.world(), "nobody", cursor).empty());
}

TEST_CASE("a page of subscriptions may end within a session and goes on there") {
  Lab lab;
  constexpr std::size_t kEach = 700;
  lab.batch([&] {
    for (const char* client_id : {"one", "two"}) {
      Client& client = lab.open();
      client.send(v5(client_id));
      mqtt::Subscribe packet{1, {}, {}};
      for (std::size_t i = 0; i < kEach; ++i)
        packet.entries.push_back(entry("t/" + std::to_string(i)));
      client.send(std::move(packet));
    }
  });
  std::set<std::string> seen;
  for (const auto& row : all_pages<SubscriptionCursor>(
           [&](SubscriptionCursor& cursor) { return list_subscriptions(lab.world(), cursor); }))
    seen.insert(row.client_id + " " + row.filter);
  CHECK(seen.size() == 2 * kEach);
}

TEST_CASE("retained messages are listed by filter") {
  Lab lab;
  Client& publisher = lab.join(v5("p"));
  for (const char* topic : {"a/1", "a/2", "b"}) publisher.publish(retained(topic, "x"));
  TopicCursor cursor;
  const auto found = list_retained(lab.world(), "a/#", cursor);
  REQUIRE(found.size() == 2);
  CHECK(found[0]->topic == "a/1");
  CHECK(found[0]->publisher == "p");
  CHECK(cursor.done);
}

TEST_CASE("a peek shows what is in flight and what waits, and takes nothing out") {
  Config config;
  config.limits.max_inflight = 1;
  Lab lab(config);
  lab.join(v5("c", 60)).subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  for (const char* payload : {"1", "2", "3"}) publisher.publish("t", payload, 1);
  const Session& session = *lab.state().find_session("c");
  const auto all = peek_queue(session, 0, 10);
  REQUIRE(all.size() == 3);
  CHECK(all[0].phase == DeliveryPhase::sent);
  CHECK(all[0].packet_id == 1);
  CHECK(all[1].phase == DeliveryPhase::queued);
  CHECK(all[2].message->payload == "3");
  CHECK(peek_queue(session, 0, 2).size() == 2);
  CHECK(peek_queue(session, 2, 10).size() == 1);
  CHECK(peek_queue(session, 99, 10).empty());
  CHECK(session.outgoing.size() == 3);
}

TEST_CASE("drops are listed from a sequence on, of all clients and of one") {
  Lab lab;
  for (int i = 1; i <= 4; ++i) {
    const char* client_id = i % 2 == 0 ? "even" : "odd";
    lab.world().drops.add({0, lab.now, DropReason::expired, 1, client_id, "t"});
  }
  std::uint64_t since = 0;
  CHECK(list_drops(lab.world(), "", since).size() == 4);
  CHECK(since == 5);
  CHECK(list_drops(lab.world(), "", since).empty());
  since = 2;
  const auto even = list_drops(lab.world(), "even", since);
  REQUIRE(even.size() == 2);
  CHECK(even[0].sequence == 2);
  CHECK(since == 5);
}
