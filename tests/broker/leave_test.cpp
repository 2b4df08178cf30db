#include "broker/leave.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;
using mqtt::PropertyId;
using mqtt::ReasonCode;

namespace {

mqtt::Disconnect leaving(std::uint32_t expiry_s) {
  return with(mqtt::Disconnect{}, PropertyId::session_expiry_interval, expiry_s);
}

}  // namespace

TEST_CASE("[MQTT-3.1.2-23] a session lasts as long as its expiry interval after the connection") {
  Lab lab;
  Client& client = lab.join(v5("c", 5));
  lab.advance_s(100);
  client.lose();
  lab.advance_ms(4'999);
  CHECK(lab.state().session_count() == 1);
  lab.advance_ms(1);
  CHECK(lab.state().session_count() == 0);
  CHECK(lab.world().counters.sessions_expired == 1);
}

TEST_CASE("a session without an expiry interval ends with its connection") {
  Lab lab;
  lab.join(v5("c")).lose();
  CHECK(lab.state().session_count() == 0);
}

TEST_CASE("a session of 0xFFFFFFFF never expires") {
  Lab lab;
  lab.join(v5("c", kNeverExpires)).lose();
  lab.advance_s(5'000'000'000);
  CHECK(lab.state().session_count() == 1);
}

TEST_CASE("DISCONNECT changes the expiry interval, up and down") {
  Lab lab;
  lab.join(v5("longer", 1)).send(leaving(5));
  lab.join(v5("ends", 100)).send(leaving(0));
  CHECK(lab.state().find_session("ends") == nullptr);
  lab.advance_s(3);
  CHECK(lab.state().find_session("longer") != nullptr);
  lab.advance_s(3);
  CHECK(lab.state().find_session("longer") == nullptr);
}

TEST_CASE("the expiry interval of a new CONNECT counts anew") {
  Lab lab;
  lab.join(v5("c", 5)).disconnect();
  lab.advance_s(3);
  lab.join(v5("c", 5)).disconnect();
  lab.advance_s(3);
  CHECK(lab.join(v5("c", 5)).connack.session_present);
}

TEST_CASE("a session resumed without an expiry interval ends with that connection") {
  Lab lab;
  lab.join(v5("c", 5)).disconnect();
  Client& again = lab.join(v5("c"));
  CHECK(again.connack.session_present);
  again.lose();
  CHECK(lab.state().session_count() == 0);
}

TEST_CASE("a DISCONNECT that prolongs a session of expiry 0 is a protocol error") {
  Lab lab;
  Client& client = lab.join(with_will(v5("c"), will("w", "dead")));
  Client& watch = lab.join(v5("w"));
  watch.subscribe("w");
  client.send(leaving(5));
  CHECK(client.next() == "DISCONNECT 0x82");
  CHECK(client.next() == "closed");
  CHECK(watch.next() == "w dead");
}

TEST_CASE("[MQTT-3.14.4-3, MQTT-3.1.2-10] DISCONNECT with reason 0x00 discards the will") {
  Lab lab;
  Client& watch = lab.join(v5("w"));
  watch.subscribe("w");
  lab.join(with_will(v5("c"), will("w", "dead"))).disconnect();
  lab.join(with_will(v311("d"), will("w", "dead"))).disconnect();
  CHECK(watch.next().empty());
  CHECK(lab.state().wills().empty());
}

TEST_CASE("[MQTT-3.1.2-8] DISCONNECT with another reason publishes the will") {
  Lab lab;
  Client& watch = lab.join(v5("w"));
  watch.subscribe("w");
  lab.join(with_will(v5("c"), will("w", "dead"))).disconnect(ReasonCode::disconnect_with_will);
  CHECK(watch.next() == "w dead");
  lab.join(with_will(v5("d"), will("w", "lost"))).disconnect(ReasonCode::unspecified_error);
  CHECK(watch.next() == "w lost");
}

TEST_CASE("[MQTT-4.13.1-1] a malformed packet is answered with its reason, then the end") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.malformed(ReasonCode::malformed_packet);
  CHECK(client.next() == "DISCONNECT 0x81");
  CHECK(client.next() == "closed");
  Client& old = lab.join(v311("d"));
  old.malformed(ReasonCode::malformed_packet);
  CHECK(old.next() == "closed");
  CHECK(lab.world().counters.protocol_errors == 2);
}

TEST_CASE("a second CONNECT of a version that is not known ends with 0x82, not 0x84") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  client.malformed(ReasonCode::unsupported_protocol_version, mqtt::Version::v5);
  CHECK(client.next() == "DISCONNECT 0x82");
}

TEST_CASE("a malformed CONNECT is answered in the words of its version, if that is known") {
  Lab lab;
  Client& told = lab.open();
  told.malformed(ReasonCode::client_identifier_not_valid, mqtt::Version::v5);
  CHECK(told.next() == "CONNACK 0x85");
  Client& silent = lab.open();
  silent.malformed(ReasonCode::malformed_packet);
  CHECK(silent.next() == "closed");
  Client& old = lab.open();
  old.malformed(ReasonCode::malformed_packet, mqtt::Version::v311);
  CHECK(old.next() == "closed");
}

TEST_CASE("what still comes behind the end is ignored") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  lab.batch([&] {
    client.disconnect();
    client.send(message("a", "x", 1, 1));
    client.malformed(ReasonCode::malformed_packet);
    lab.step(OutboxOverflowed{client.id()});
    lab.step(SentAll{client.id()});
  });
  CHECK(client.next() == "closed");
  CHECK(lab.world().connections.size() == 0);
  lab.step(Received{client.id(), mqtt::Ping{}});
}

TEST_CASE("a receiver that reads too slowly is told 0x97 and closed") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  lab.step(OutboxOverflowed{client.id()});
  CHECK(client.next() == "DISCONNECT 0x97");
  CHECK(client.closed());
}

TEST_CASE("what waited for a session that ends is counted as dropped") {
  Lab lab;
  Client& client = lab.join(v5("c", 10));
  client.subscribe("a", 2);
  Client& publisher = lab.join(v5("p"));
  publisher.publish("a", "1", 1);
  client.lose();
  publisher.publish("a", "2", 1);
  lab.advance_s(11);
  CHECK(lab.drops(DropReason::session_ended) == 2);
  CHECK(lab.world().drops.latest().back().client_id == "c");
  CHECK(lab.world().drops.latest().back().topic == "a");
  CHECK(lab.state().message_count() == 0);
}

TEST_CASE(
    "a durable session that leaves in the midst of retained messages finds the others later") {
  Lab lab;
  Client& publisher = lab.join(v5("p"));
  for (int i = 0; i < 1'200; ++i) publisher.publish(retained("t/" + std::to_string(i), "x", 1));
  Client& client = lab.join(v5("c", 100));
  client.answers_asked = false;
  client.subscribe("t/#", 1);
  const std::size_t before = client.all().size();
  client.lose();
  CHECK(lab.state().find_session("c")->outgoing.size() == 1'200);
  Client& again = lab.join(v5("c", 100));
  std::size_t dups = 0;
  std::size_t fresh = 0;
  for (std::string line = again.next_acknowledged(); !line.empty();
       line = again.next_acknowledged())
    ++(line.find(" dup") == std::string::npos ? fresh : dups);
  CHECK(before == dups);
  CHECK(dups + fresh == 1'200);
}
