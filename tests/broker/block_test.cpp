#include "broker/block.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::ReasonCode;
using Lines = std::vector<std::string>;

namespace {

Config full_at(std::uint32_t count, QueueFull policy) {
  Config config = quiet();
  config.limits.max_queued_messages = count;
  config.limits.queue_full = policy;
  return config;
}

// A durable subscriber of "t" that is away.
void sleeper(Lab& lab) {
  Client& client = lab.join(v5("s", 1'000));
  client.subscribe("t", 1);
  client.lose();
}

}  // namespace

TEST_CASE("reject: 5.0 is told 0x97 and nobody gets the message") {
  Lab lab(full_at(1, QueueFull::reject));
  sleeper(lab);
  Client& other = lab.join(v5("o"));
  other.subscribe("t");
  Client& publisher = lab.join(v5("p"));
  CHECK(publisher.publish("t", "1", 1) == ReasonCode::success);
  CHECK(publisher.publish("t", "2", 1) == ReasonCode::quota_exceeded);
  CHECK(publisher.publish("t", "3", 2) == ReasonCode::quota_exceeded);
  CHECK(other.all() == Lines{"t 1"});
  CHECK(lab.drops(DropReason::queue_full) == 2);
}

TEST_CASE(
    "reject and block: a 3.1.1 publisher is not read until there is room, then goes on in order") {
  for (const QueueFull policy : {QueueFull::reject, QueueFull::block}) {
    Lab lab(full_at(1, policy));
    sleeper(lab);
    Client& publisher = lab.join(v311("p"));
    publisher.publish("t", "1", 1);
    publisher.send(message("t", "2", 1, 2));
    CHECK(publisher.next().empty());
    CHECK_FALSE(publisher.is_read());
    publisher.send(message("t", "3", 1, 3));
    publisher.send(mqtt::Ping{});
    CHECK(publisher.next().empty());
    Client& reader = lab.join(v5("s", 1'000));
    CHECK(publisher.all() == Lines{"PUBACK #2", "PUBACK #3", "PINGRESP"});
    CHECK(publisher.is_read());
    CHECK(reader.all() == Lines{"t 1 q1 #1", "t 2 q1 #2", "t 3 q1 #3"});
    CHECK(lab.drops(DropReason::queue_full) == 0);
  }
}

TEST_CASE("block: a publisher that has waited limits.block_max_ms is told 0x97 and closed") {
  Lab lab(full_at(1, QueueFull::block));
  sleeper(lab);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", "1", 1);
  publisher.send(message("t", "2", 1, 2));
  lab.advance_ms(29'999);
  CHECK_FALSE(publisher.closed());
  lab.advance_ms(1);
  CHECK(publisher.next() == "DISCONNECT 0x97");
  CHECK(publisher.closed());
}

TEST_CASE("block: a publisher that gets on, however slowly, is not closed") {
  Lab lab(full_at(1, QueueFull::block));
  Client& slow = lab.join(with(v5("s", 1'000), mqtt::PropertyId::receive_maximum, 1U));
  slow.subscribe("t", 1);
  Client& publisher = lab.join(v311("p"));
  for (std::uint16_t id = 1; id <= 6; ++id) publisher.send(message("t", std::to_string(id), 1, id));
  CHECK(publisher.all() == Lines{"PUBACK #1", "PUBACK #2"});
  for (int i = 3; i <= 6; ++i) {
    lab.advance_s(20);
    CHECK(slow.next_acknowledged().substr(0, 3) == "t " + std::to_string(i - 2));
    CHECK(publisher.next() == "PUBACK #" + std::to_string(i));
  }
  CHECK(publisher.is_read());
  CHECK(lab.world().counters.publishers_blocked == 1);
}

TEST_CASE("block: the keep alive of a publisher that is not read does not run") {
  Lab lab(full_at(1, QueueFull::block));
  sleeper(lab);
  mqtt::Connect packet = v311("p");
  packet.keep_alive_s = 5;
  Client& publisher = lab.join(std::move(packet));
  publisher.publish("t", "1", 1);
  publisher.send(message("t", "2", 1, 2));
  lab.advance_s(20);
  CHECK_FALSE(publisher.closed());
  lab.join(v5("s", 1'000));
  CHECK(publisher.next() == "PUBACK #2");
  lab.advance_s(8);
  CHECK(publisher.closed());
}

TEST_CASE("block: the receiver's UNSUBSCRIBE or end lets the publisher go on") {
  for (const bool ends : {false, true}) {
    Lab lab(full_at(1, QueueFull::block));
    Client& receiver = lab.join(with(v5("s", 10), mqtt::PropertyId::receive_maximum, 1U));
    receiver.subscribe("t", 1);
    Client& publisher = lab.join(v5("p"));
    publisher.publish("t", "1", 1);
    publisher.publish("t", "2", 1);
    publisher.send(message("t", "3", 1, 3));
    CHECK(publisher.next().empty());
    if (ends)
      receiver.send(with(mqtt::Disconnect{}, mqtt::PropertyId::session_expiry_interval, 0U));
    if (!ends) receiver.send(mqtt::Unsubscribe{2, {}, {"t"}});
    CHECK(publisher.next() == "PUBACK #3 0x10");
  }
}

TEST_CASE("drop_oldest makes room, and the dropped is counted") {
  Lab lab(full_at(2, QueueFull::drop_oldest));
  sleeper(lab);
  Client& publisher = lab.join(v5("p"));
  for (int i = 1; i <= 3; ++i)
    CHECK(publisher.publish("t", std::to_string(i), 1) == ReasonCode::success);
  CHECK(lab.join(v5("s", 1'000)).all() == Lines{"t 2 q1 #1", "t 3 q1 #2"});
  CHECK(lab.drops(DropReason::queue_full) == 1);
}

TEST_CASE("drop_newest delivers where there is room, tells 5.0, and counts") {
  Lab lab(full_at(1, QueueFull::drop_newest));
  sleeper(lab);
  Client& other = lab.join(v5("o"));
  other.subscribe("t");
  Client& publisher = lab.join(v5("p"));
  CHECK(publisher.publish("t", "1", 1) == ReasonCode::success);
  CHECK(publisher.publish("t", "2", 1) == ReasonCode::quota_exceeded);
  CHECK(other.all() == Lines{"t 1", "t 2"});
  CHECK(lab.join(v5("s", 1'000)).all() == Lines{"t 1 q1 #1"});
  CHECK(lab.drops(DropReason::queue_full) == 1);
  CHECK(lab.world().drops.latest().back().client_id == "s");
}

TEST_CASE("drop_newest never tells a 3.1.1 publisher success of a message that was dropped") {
  Lab lab(full_at(1, QueueFull::drop_newest));
  sleeper(lab);
  Client& publisher = lab.join(v311("p"));
  publisher.publish("t", "1", 1);
  publisher.send(message("t", "2", 1, 2));
  CHECK(publisher.next().empty());
  CHECK_FALSE(publisher.is_read());
  CHECK(lab.drops(DropReason::queue_full) == 0);
}

TEST_CASE("a queue is full by bytes, too, and expired messages make room first") {
  Config config = full_at(100, QueueFull::reject);
  config.limits.max_queued_bytes = 50;
  Lab lab(config);
  sleeper(lab);
  Client& publisher = lab.join(v5("p"));
  const auto dies =
      with(message("t", std::string(40, 'x'), 1), mqtt::PropertyId::message_expiry_interval, 5U);
  CHECK(publisher.publish(dies) == ReasonCode::success);
  CHECK(publisher.publish("t", std::string(40, 'y'), 1) == ReasonCode::quota_exceeded);
  lab.advance_s(6);
  CHECK(publisher.publish("t", std::string(40, 'y'), 1) == ReasonCode::success);
  CHECK(lab.drops(DropReason::expired) == 1);
}

TEST_CASE("a publisher that is lost while it waits is forgotten") {
  Lab lab(full_at(1, QueueFull::block));
  sleeper(lab);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("t", "1", 1);
  publisher.send(message("t", "2", 1, 2));
  publisher.lose();
  CHECK(lab.world().blocked.empty());
  CHECK(lab.join(v5("s", 1'000)).all() == Lines{"t 1 q1 #1"});
}
