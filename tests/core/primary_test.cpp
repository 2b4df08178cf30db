#include "core/primary.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;

TEST_CASE("the records of a primary follow each other, and an empty batch makes none") {
  Lab lab;
  Client& client = lab.join(v5("c", 10));
  const std::size_t before = lab.records().size();
  client.send(mqtt::Ping{});
  CHECK(client.next() == "PINGRESP");
  CHECK(lab.records().size() == before);
  client.subscribe("t");
  REQUIRE(lab.records().size() == before + 1);
  CHECK(lab.records().back().position.lsn == lab.primary().position().lsn);
}

TEST_CASE("many steps of one batch make one record") {
  Lab lab;
  Client& client = lab.join(v5("c", 10));
  const std::size_t before = lab.records().size();
  lab.batch([&] {
    for (std::uint16_t i = 1; i <= 9; ++i)
      client.send(mqtt::Subscribe{i, {}, {entry("t/" + std::to_string(i))}});
  });
  CHECK(lab.records().size() == before + 1);
  CHECK(client.all().size() == 9);
}

TEST_CASE("a primary behind an old log does not hold what waits for no new record") {
  Lab lab;
  lab.join(v5("c", 10));
  lab.restart();
  lab.holds_commits = true;
  Client& client = lab.connect(v5("d"));
  client.send(mqtt::Unsubscribe{1, {}, {"t"}});
  client.send(ack(mqtt::PacketType::pubrel, 9));
  CHECK(client.all() == std::vector<std::string>{"CONNACK", "UNSUBACK #1 0x11", "PUBCOMP #9"});
}

TEST_CASE("commits that come together release everything up to them") {
  Lab lab;
  lab.holds_commits = true;
  Client& a = lab.connect(v5("a", 10));
  Client& b = lab.connect(v5("b", 10));
  CHECK(lab.primary().gate().held_count() == 2);
  lab.commit();
  CHECK(a.next() == "CONNACK");
  CHECK(b.next() == "CONNACK");
  CHECK(lab.primary().gate().held_count() == 0);
}

TEST_CASE("a batch without a record waits for the records before it if it depends on them") {
  Lab lab;
  Client& receiver = lab.join(v5("r", 10));
  receiver.subscribe("t", 1);
  Client& first = lab.join(v5("p", 10));
  lab.holds_commits = true;
  first.send(message("t", "x", 2, 5));
  first.lose();
  Client& again = lab.connect(v5("p", 10));
  again.send(message("t", "x", 2, 5));  // Taken before, but perhaps not yet durable.
  CHECK(again.next().empty());
  lab.commit();
  CHECK(again.all() == std::vector<std::string>{"CONNACK present", "PUBREC #5"});
}
