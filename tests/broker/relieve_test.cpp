#include "broker/relieve.hpp"

#include "tests/broker/lab.hpp"

#include <string>

using namespace tandemq;

namespace {

// Percent of what there may be.
void use_memory(Lab& lab, std::uint64_t percent) {
  lab.primary().broker().take_memory(percent * 10'000, 1'000'000, lab.now, lab.primary().effects());
  lab.settle();
}

}  // namespace

TEST_CASE("when memory is short, who publishes most is not read from, until there is room") {
  Lab lab;
  Client& heavy = lab.join(v5("heavy"));
  Client& light = lab.join(v311("light"));
  use_memory(lab, 72);
  heavy.publish("t", std::string(1'000, 'x'));
  light.publish("t", "x");
  use_memory(lab, 79);
  CHECK(heavy.is_read());
  heavy.publish("t", std::string(1'000, 'x'));
  light.publish("t", "x");
  use_memory(lab, 80);
  CHECK_FALSE(heavy.is_read());
  CHECK(light.is_read());
  CHECK(lab.world().limit_hits.count(Limit::memory_publishers) == 1);
  use_memory(lab, 76);
  CHECK_FALSE(heavy.is_read());
  use_memory(lab, 74);
  CHECK(heavy.is_read());
}

TEST_CASE("a publisher that is held for memory and waits for a queue is read from after both") {
  Config config = quiet();
  config.limits.max_queued_messages = 1;
  config.limits.queue_full = QueueFull::block;
  Lab lab(config);
  Client& receiver = lab.join(v5("r", 1'000));
  receiver.subscribe("t", 1);
  receiver.lose();
  Client& publisher = lab.join(v5("p"));
  use_memory(lab, 75);
  publisher.publish("t", "1234567890", 1);
  use_memory(lab, 80);
  publisher.send(message("t", "2", 1, 2));
  CHECK_FALSE(publisher.is_read());
  use_memory(lab, 81);
  use_memory(lab, 50);
  CHECK_FALSE(publisher.is_read());
  Client& back = lab.join(v5("r", 1'000));
  CHECK(back.next_acknowledged() == "t 1234567890 q1 #1");
  CHECK(publisher.is_read());
}

TEST_CASE("who is held does not lose its keep-alive, and one that goes is forgotten") {
  Lab lab;
  mqtt::Connect packet = v5("a");
  packet.keep_alive_s = 10;
  Client& patient = lab.join(std::move(packet));
  Client& gone = lab.join(v5("b"));
  use_memory(lab, 75);
  patient.publish("t", "12345");
  gone.publish("t", "12345");
  use_memory(lab, 80);
  CHECK_FALSE(patient.is_read());
  CHECK(gone.is_read());
  gone.publish("t", "1234567890");
  use_memory(lab, 80);
  CHECK_FALSE(gone.is_read());
  CHECK(lab.world().held.size() == 2);
  gone.lose();
  CHECK(lab.world().held.size() == 1);
  lab.advance_s(100);
  CHECK_FALSE(patient.closed());
  use_memory(lab, 50);
  CHECK(patient.is_read());
  CHECK(lab.world().held.empty());
  lab.advance_s(16);
  CHECK(patient.closed());
}

TEST_CASE("what was sent long ago is not held against anybody") {
  Lab lab;
  Client& once = lab.join(v5("once"));
  Client& now = lab.join(v5("now"));
  once.publish("t", std::string(100'000, 'x'));
  use_memory(lab, 85);
  CHECK(once.is_read());
  now.publish("t", std::string(100, 'x'));
  use_memory(lab, 85);
  CHECK(once.is_read());
  CHECK_FALSE(now.is_read());
}
