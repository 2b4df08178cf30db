#include "broker/expire.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;

TEST_CASE(
    "[MQTT-3.1.2-22] one and a half times the keep alive without a packet ends the connection") {
  Lab lab;
  mqtt::Connect packet = v5("c");
  packet.keep_alive_s = 10;
  Client& client = lab.join(std::move(packet));
  lab.advance_s(14);
  client.send(mqtt::Ping{});
  CHECK(client.next() == "PINGRESP");
  lab.advance_ms(14'999);
  CHECK_FALSE(client.closed());
  lab.advance_ms(1);
  CHECK(client.next() == "DISCONNECT 0x8D");
  CHECK(client.closed());
}

TEST_CASE("keep alive 0 is for ever") {
  Lab lab;
  Client& client = lab.join(v311("c"));
  lab.advance_s(1'000'000);
  CHECK_FALSE(client.closed());
}

TEST_CASE("a connection that sends no CONNECT in time is closed") {
  Lab lab;
  Client& client = lab.open();
  lab.advance_ms(9'999);
  CHECK_FALSE(client.closed());
  lab.advance_ms(1);
  CHECK(client.next() == "closed");
}

TEST_CASE("an expiry that was cut short ends the session in time, a longer one later") {
  Lab lab;
  lab.join(v5("c", 100)).lose();
  lab.join(v5("c", 5)).lose();
  lab.advance_s(6);
  CHECK(lab.state().session_count() == 0);
  lab.join(v5("c", 5)).lose();
  lab.join(v5("c", 100)).lose();
  lab.advance_s(50);
  CHECK(lab.state().session_count() == 1);
  lab.advance_s(50);
  CHECK(lab.state().session_count() == 0);
}

TEST_CASE(
    "however often a session comes and goes, a retained message changes, there are few timers") {
  Lab lab;
  for (int i = 0; i < 100; ++i) {
    lab.join(v5("c", 1'000'000)).lose();
    lab.join(v5("p")).publish(with(retained("t", std::to_string(i)),
                                   mqtt::PropertyId::message_expiry_interval, 1'000'000U));
  }
  lab.advance_s(60);  // The connect time-outs.
  CHECK(lab.world().timers.size() < 10);
}
