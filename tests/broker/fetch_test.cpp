#include "broker/fetch.hpp"

#include "broker/operate.hpp"
#include "tests/broker/lab.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace tandemq;
using mqtt::PacketType;
using Lines = std::vector<std::string>;

namespace {

Config tiny() {
  Config config = quiet();
  config.memory.bodies_max_bytes = 1;
  return config;
}

std::string line(int number) {
  return std::to_string(number);
}

// Everybody's bodies that may leave memory do so.
void evict(Lab& lab) {
  for (int i = 0; i < 3; ++i) {
    lab.advance_s(2);
    lab.settle();
  }
}

// A session that is away, with messages 1 to `count` in its queue on disk.
void leave_queue(Lab& lab, int count, int qos, const std::string& filter = "t") {
  Client& client = lab.join(v5("c", 100'000));
  client.subscribe(filter, qos);
  client.lose();
  Client& publisher = lab.join(v5("p"));
  for (int i = 1; i <= count; ++i) publisher.publish("t", line(i), qos);
  evict(lab);
  const Outgoing& outgoing = lab.state().find_session("c")->outgoing;
  for (std::size_t i = 0; i < outgoing.size(); ++i) REQUIRE(outgoing[i].on_disk());
}

// What the client gets until nothing more comes, each message acknowledged.
std::vector<std::string> payloads(Client& client) {
  std::vector<std::string> payloads;
  for (bool more = true; more;) {
    more = false;
    for (mqtt::Packet& packet : client.drain()) {
      more = true;
      const auto* message = std::get_if<mqtt::Publish>(&packet);
      if (message != nullptr) {
        payloads.push_back(message->payload);
        const bool once = message->qos == mqtt::QoS::exactly_once;
        client.send(ack(once ? PacketType::pubrec : PacketType::puback, message->packet_id));
      }
      const auto* answer = std::get_if<mqtt::Ack>(&packet);
      if (answer != nullptr && answer->type == PacketType::pubrel)
        client.send(ack(PacketType::pubcomp, answer->packet_id));
    }
  }
  return payloads;
}

std::vector<std::string> numbers(int first, int last) {
  std::vector<std::string> lines;
  for (int i = first; i <= last; ++i) lines.push_back(line(i));
  return lines;
}

// Answers the next request with what the store holds; false if there is none.
bool answer_request(Lab& lab) {
  const auto request = lab.primary().take_body_request();
  if (!request) return false;
  std::vector<MessageRef> bodies;
  for (const MessageId id : request->ids) {
    const std::string key = message_key(id);
    auto body = read_message_row(key, lab.store().get(Table::messages, {&key, 1})[0]);
    REQUIRE(body.has_value());
    bodies.push_back(std::move(*body));
  }
  lab.primary().bodies_read(request->number, bodies, {}, lab.now);
  lab.settle();
  return true;
}

// The answer to the next request is that one of its messages cannot be read.
void answer_with_loss(Lab& lab, std::size_t lost_index) {
  const auto request = lab.primary().take_body_request();
  REQUIRE(request.has_value());
  REQUIRE(request->ids.size() > lost_index);
  std::vector<MessageRef> bodies;
  std::vector<MessageId> lost;
  for (std::size_t i = 0; i < request->ids.size(); ++i) {
    const std::string key = message_key(request->ids[i]);
    auto body = read_message_row(key, lab.store().get(Table::messages, {&key, 1})[0]);
    if (i != lost_index && body) {
      bodies.push_back(std::move(*body));
    } else {
      lost.push_back(request->ids[i]);
    }
  }
  lab.primary().bodies_read(request->number, bodies, lost, lab.now);
  lab.settle();
}

}  // namespace

TEST_CASE("a queue on disk comes complete and in order when its client is back") {
  for (const int qos : {1, 2}) {
    INFO("QoS ", qos);
    Lab lab(tiny());
    leave_queue(lab, 1'000, qos);
    CHECK(payloads(lab.join(v5("c", 100'000))) == numbers(1, 1'000));
    CHECK(lab.state().message_count() == 0);
    CHECK(lab.state().find_session("c")->outgoing.size() == 0);
  }
}

TEST_CASE("a queue on disk survives the process") {
  Lab lab(tiny());
  leave_queue(lab, 300, 1);
  lab.restart();
  CHECK(payloads(lab.join(v5("c", 100'000))) == numbers(1, 300));
}

TEST_CASE("messages larger than what is asked for at once come too, and nothing is read in vain") {
  Config config = tiny();
  config.limits.max_inflight = 2;
  Lab lab(config);
  Client& client = lab.join(v5("c", 100'000));
  client.subscribe("t", 1);
  client.lose();
  Client& publisher = lab.join(v5("p"));
  for (int i = 1; i <= 9; ++i) publisher.publish("t", line(i) + std::string(600'000, 'p'), 1);
  evict(lab);
  lab.reads_bodies = false;
  Client& back = lab.join(v5("c", 100'000));
  int requests = 0;
  while (requests < 20 && answer_request(lab)) ++requests;
  REQUIRE(requests < 6);  // The window is full: what would be read has to leave again.
  lab.reads_bodies = true;
  lab.settle();
  std::vector<std::string> got;
  for (const std::string& payload : payloads(back)) got.push_back(payload.substr(0, 1));
  CHECK(got == numbers(1, 9));
}

TEST_CASE("what comes meanwhile does not overtake what is being read") {
  Lab lab(tiny());
  leave_queue(lab, 3, 1);
  lab.reads_bodies = false;
  Client& client = lab.join(v5("c", 100'000));
  Client& publisher = lab.join(v5("p2"));
  publisher.publish("t", "4", 1);
  CHECK(client.next().empty());
  CHECK(answer_request(lab));
  CHECK(client.all() == Lines{"t 1 q1 #1", "t 2 q1 #2", "t 3 q1 #3", "t 4 q1 #4"});
}

TEST_CASE("what is in flight is read back and sent again, before all that waits") {
  Config config = tiny();
  config.limits.max_inflight = 2;
  Lab lab(config);
  Client& client = lab.join(v5("c", 100'000));
  client.subscribe("t", 2);
  Client& publisher = lab.join(v5("p"));
  for (int i = 1; i <= 3; ++i) publisher.publish("t", line(i), 2);
  client.send(ack(PacketType::pubrec, 1));
  CHECK(client.all() == Lines{"t 1 q2 #1", "t 2 q2 #2", "PUBREL #1"});
  client.lose();
  evict(lab);
  CHECK(lab.state().find_session("c")->outgoing[1].on_disk());
  SUBCASE("in this process") {}
  SUBCASE("in the next one") {
    lab.restart();
  }
  lab.reads_bodies = false;
  Client& back = lab.join(v5("c", 100'000));
  CHECK(back.all() == Lines{"PUBREL #1"});
  CHECK(answer_request(lab));
  CHECK(back.all() == Lines{"t 2 q2 #2 dup"});
  back.send(ack(PacketType::pubcomp, 1));
  while (answer_request(lab)) {
  }
  CHECK(back.all() == Lines{"t 3 q2 #3"});
}

TEST_CASE("what has expired on disk is dropped without being read") {
  Lab lab(tiny());
  Client& client = lab.join(v5("c", 100'000));
  client.subscribe("t", 1);
  client.lose();
  Client& publisher = lab.join(v5("p"));
  using mqtt::PropertyId;
  for (int i = 1; i <= 5; ++i)
    publisher.publish(with(message("t", line(i), 1), PropertyId::message_expiry_interval, 10U));
  evict(lab);
  lab.advance_s(10);
  lab.reads_bodies = false;
  Client& back = lab.join(v5("c", 100'000));
  CHECK_FALSE(lab.primary().take_body_request().has_value());
  CHECK(lab.drops(DropReason::expired) == 5);
  CHECK(back.next().empty());
  CHECK(lab.state().message_count() == 0);
}

TEST_CASE("a message that cannot be read is dropped and counted, and the others come") {
  Lab lab(tiny());
  leave_queue(lab, 5, 1);
  lab.reads_bodies = false;
  Client& client = lab.join(v5("c", 100'000));
  std::size_t lost_index = 0;
  std::vector<std::string> left;
  SUBCASE("the first") {
    left = {"2", "3", "4", "5"};
  }
  SUBCASE("one between") {
    lost_index = 2;
    left = {"1", "2", "4", "5"};
  }
  SUBCASE("the last") {
    lost_index = 4;
    left = {"1", "2", "3", "4"};
  }
  answer_with_loss(lab, lost_index);
  CHECK(lab.drops(DropReason::damaged) == 1);
  CHECK(payloads(client) == left);
  CHECK(lab.state().message_count() == 0);
  CHECK_FALSE(lab.primary().take_body_request().has_value());
}

TEST_CASE("in flight, a message that cannot be read is over and counted") {
  Lab lab(tiny());
  Client& client = lab.join(v5("c", 100'000));
  client.subscribe("t", 1);
  Client& publisher = lab.join(v5("p"));
  for (int i = 1; i <= 3; ++i) publisher.publish("t", line(i), 1);
  CHECK(client.all().size() == 3);
  client.lose();
  evict(lab);
  lab.reads_bodies = false;
  Client& back = lab.join(v5("c", 100'000));
  answer_with_loss(lab, 1);
  CHECK(back.all() == Lines{"t 1 q1 #1 dup", "t 3 q1 #3 dup"});
  CHECK(lab.drops(DropReason::damaged) == 1);
  CHECK(lab.state().find_session("c")->outgoing.size() == 2);
}

TEST_CASE("the answer to a connection that was taken over helps the one that took over") {
  Lab lab(tiny());
  leave_queue(lab, 5, 1);
  lab.reads_bodies = false;
  Client& first = lab.join(v5("c", 100'000));
  const auto asked_by_first = lab.primary().take_body_request();
  REQUIRE(asked_by_first.has_value());
  Client& second = lab.join(v5("c", 100'000));
  CHECK(first.closed());
  SUBCASE("the old answer comes first") {
    lab.primary().bodies_read(asked_by_first->number, {}, {}, lab.now);
    lab.settle();
    CHECK(answer_request(lab));
  }
  SUBCASE("the old answer comes last") {
    CHECK(answer_request(lab));
    lab.primary().bodies_read(asked_by_first->number, {}, {}, lab.now);
    lab.settle();
  }
  CHECK(payloads(second) == numbers(1, 5));
  CHECK(lab.world().fetching.empty());
}

TEST_CASE("a connection that closes while it waits leaves the queue as it was") {
  Lab lab(tiny());
  leave_queue(lab, 5, 1);
  lab.reads_bodies = false;
  Client& client = lab.join(v5("c", 100'000));
  client.lose();
  CHECK(answer_request(lab));
  CHECK(lab.world().fetching.empty());
  lab.reads_bodies = true;
  CHECK(payloads(lab.join(v5("c", 100'000))) == numbers(1, 5));
}

TEST_CASE("several connections may wait for one message") {
  Lab lab(tiny());
  for (const char* const id : {"a", "b"}) {
    Client& client = lab.join(v5(id, 100'000));
    client.subscribe("t", 1);
    client.lose();
  }
  lab.join(v5("p")).publish("t", "1", 1);
  evict(lab);
  lab.reads_bodies = false;
  Client& a = lab.connect(v5("a", 100'000));
  Client& b = lab.connect(v5("b", 100'000));
  while (answer_request(lab)) {
  }
  CHECK(a.all() == Lines{"CONNACK present", "t 1 q1 #1"});
  CHECK(b.all() == Lines{"CONNACK present", "t 1 q1 #1"});
}

TEST_CASE("an operator can purge and delete what is on disk, also while it is being read") {
  Lab lab(tiny());
  leave_queue(lab, 5, 1);
  lab.reads_bodies = false;
  Client& client = lab.join(v5("c", 100'000));
  const auto request = lab.primary().take_body_request();
  REQUIRE(request.has_value());
  const auto operate = [&](auto act) {
    Turn turn(lab.world(), lab.now, lab.primary().effects());
    act(turn);
    lab.settle();
  };
  SUBCASE("purge") {
    operate([](Turn& turn) { CHECK(purge_queue(turn, "c") == 5U); });
    CHECK(lab.drops(DropReason::purged) == 5);
  }
  SUBCASE("delete") {
    operate([](Turn& turn) { CHECK(delete_session(turn, "c")); });
    CHECK(lab.drops(DropReason::session_ended) == 5);
  }
  CHECK(lab.state().message_count() == 0);
  lab.primary().bodies_read(request->number, {}, request->ids, lab.now);
  lab.settle();
  CHECK(lab.drops(DropReason::damaged) == 0);
  CHECK(lab.state().body_bytes() == 0);
  for (const std::string& got : client.all()) CHECK(got == "DISCONNECT 0x98");
}

TEST_CASE("a full queue makes room of what is on disk like of any other") {
  Config config = tiny();
  config.limits.max_queued_messages = 5;
  config.limits.queue_full = QueueFull::drop_oldest;
  Lab lab(config);
  leave_queue(lab, 5, 1);
  Client& publisher = lab.join(v5("p2"));
  publisher.publish("t", "6", 1);
  publisher.publish("t", "7", 1);
  CHECK(lab.drops(DropReason::queue_full) == 2);
  CHECK(payloads(lab.join(v5("c", 100'000))) == numbers(3, 7));
}

TEST_CASE("what has expired on disk makes room in a full queue") {
  Config config = tiny();
  config.limits.max_queued_messages = 1;
  Lab lab(config);
  Client& client = lab.join(v5("c", 100'000));
  client.subscribe("t", 1);
  client.lose();
  Client& publisher = lab.join(v5("p"));
  publisher.publish(with(message("t", "old", 1), mqtt::PropertyId::message_expiry_interval, 10U));
  evict(lab);
  CHECK(publisher.publish("t", "new", 1) == mqtt::ReasonCode::quota_exceeded);
  lab.advance_s(10);
  CHECK(publisher.publish("t", "new", 1) == mqtt::ReasonCode::success);
  CHECK(lab.drops(DropReason::expired) == 1);
}

TEST_CASE("what a shared subscription has on disk goes to another member by reference") {
  Lab lab(tiny());
  leave_queue(lab, 5, 1, "$share/g/t");
  Client& heir = lab.join(v5("heir", 100'000));
  heir.subscribe("$share/g/t", 1);
  bool online = true;
  SUBCASE("that is there") {}
  SUBCASE("that is away") {
    heir.lose();
    online = false;
  }
  Turn turn(lab.world(), lab.now, lab.primary().effects());
  CHECK(delete_session(turn, "c"));
  lab.settle();
  CHECK(lab.drops(DropReason::session_ended) == 0);
  CHECK(payloads(online ? heir : lab.join(v5("heir", 100'000))) == numbers(1, 5));
  CHECK(lab.state().message_count() == 0);
}
