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

namespace {

// A primary without a lab around it, which decides by itself when a batch is at once.
struct Bare {
  explicit Bare(bool in_memory = false) {
    Config config = quiet();
    config.store.in_memory = in_memory;
    has_tables = !in_memory;
    const auto access = std::make_shared<const Access>(Policy{Anonymous::everywhere, {}, {}});
    primary = std::make_unique<Primary>(state, config, access, Term{1, 1}, Position{}, Lsn{0});
    primary->start(now);
    open(0, v5("c", 1'000));
    send(0, mqtt::Subscribe{1, {}, {entry("t", 1)}});
    open(1, v5("p"));
    seal();
    seal();
    REQUIRE(take_round() == has_tables);
  }

  void open(std::uint32_t slot, mqtt::Connect packet) {
    const ConnectionId id = make_connection_id(0, 1, slot);
    primary->step(Opened{id, std::make_unique<Origin>()}, now);
    primary->step(Received{id, std::move(packet)}, now);
  }
  void send(std::uint32_t slot, mqtt::Packet packet) {
    primary->step(Received{make_connection_id(0, 1, slot), std::move(packet)}, now);
  }
  // A batch, committed; whether it made a record.
  bool seal(bool at_once = true) {
    const bool sealed = primary->seal(now, at_once).has_value();
    primary->committed(primary->position().lsn);
    (void)primary->take_outputs();
    return sealed;
  }
  // The round that is under way, if its position is committed.
  bool take_round() {
    const bool taken = primary->take_tables().has_value();
    if (taken) primary->tables_written();
    return taken;
  }

  Instant now{1'000'000};
  bool has_tables = true;
  State state;
  std::unique_ptr<Primary> primary;
};

}  // namespace

TEST_CASE("an acknowledgement of a receiver rides with a later record, 10 ms at the most") {
  Bare bare;
  bare.send(1, message("t", "x", 1, 1));
  CHECK(bare.seal(false));
  bare.now = bare.now.plus_ms(3);
  bare.send(0, ack(mqtt::PacketType::puback, 1));
  CHECK_FALSE(bare.seal(false));
  CHECK(bare.state.message_count() == 0);  // Memory changes at once.
  SUBCASE("it is sealed when it has waited for 10 ms, and not before") {
    CHECK(bare.primary->next_due() == bare.now.plus_ms(10));
    bare.now = bare.now.plus_ms(9);
    CHECK_FALSE(bare.seal(false));
    bare.now = bare.now.plus_ms(1);
    CHECK(bare.seal(false));
  }
  SUBCASE("it is sealed with what somebody waits for") {
    const Lsn before = bare.primary->position().lsn;
    bare.send(1, message("t", "y", 1, 2));
    CHECK(bare.seal(false));
    CHECK(bare.primary->position().lsn == before + 1);
    CHECK_FALSE(bare.seal(false));
  }
  SUBCASE("it is sealed when that is wanted") {
    CHECK(bare.seal(true));
  }
  SUBCASE("a later one does not prolong it") {
    bare.send(1, message("t", "y", 0));
    bare.now = bare.now.plus_ms(10);
    CHECK(bare.seal(false));
  }
  CHECK_FALSE(bare.seal(true));
  CHECK(bare.primary->next_due() > bare.now.plus_ms(10));
}

TEST_CASE("what a client waits for never rides") {
  Bare bare;
  bare.send(0, mqtt::Subscribe{2, {}, {entry("u", 1)}});
  CHECK(bare.seal(false));
  bare.open(2, v5("d", 1'000));
  CHECK(bare.seal(false));
  bare.send(1, message("t", "x", 1, 1));
  CHECK(bare.seal(false));
}

TEST_CASE("a round begins a second after the one before, behind all that was sealed") {
  Bare bare;
  bare.send(1, message("t", "x", 1, 1));
  bare.seal();
  CHECK_FALSE(bare.take_round());
  bare.now = bare.now.plus_ms(999);
  bare.seal();
  CHECK_FALSE(bare.take_round());
  CHECK(bare.primary->next_due() == bare.now.plus_ms(1));
  bare.now = bare.now.plus_ms(1);
  bare.send(0, ack(mqtt::PacketType::puback, 1));  // It may not ride: the round speaks of it.
  const auto record = bare.primary->seal(bare.now, false);
  REQUIRE(record.has_value());
  CHECK_FALSE(bare.primary->take_tables().has_value());  // The record is not committed.
  bare.primary->committed(record->position.lsn - 1);
  CHECK_FALSE(bare.primary->take_tables().has_value());
  bare.primary->committed(record->position.lsn);
  const auto changes = bare.primary->take_tables();
  REQUIRE(changes.has_value());
  CHECK(changes->at == record->position);
  CHECK(changes->bodies.empty());
  CHECK_FALSE(bare.primary->take_tables().has_value());
}

TEST_CASE("a round begins early when there is much to write, but one at a time") {
  Bare bare;
  bare.primary->step(Closed{make_connection_id(0, 1, 0), "lost"}, bare.now);
  const auto publish = [&](int count, std::size_t size) {
    for (int i = 0; i < count; ++i)
      bare.send(1, message("t", std::string(size, 'p'), 1, static_cast<std::uint16_t>(i + 1)));
    bare.seal();
  };
  SUBCASE("4096 rows") {
    publish(2'000, 1);
    CHECK_FALSE(bare.take_round());
    publish(48, 1);
  }
  SUBCASE("4 MB of bodies") {
    publish(3, 1'000'000);
    CHECK_FALSE(bare.take_round());
    publish(1, 1'000'000);
  }
  const auto first = bare.primary->take_tables();
  REQUIRE(first.has_value());
  publish(3'000, 1);
  publish(5, 1'000'000);
  CHECK_FALSE(bare.primary->take_tables().has_value());
  bare.primary->tables_written();
  CHECK_FALSE(bare.primary->take_tables().has_value());  // It begins with the next batch.
  bare.seal();
  const auto second = bare.primary->take_tables();
  REQUIRE(second.has_value());
  CHECK(second->bodies.size() == 3'005);
}

TEST_CASE("with store.in_memory there are no rounds") {
  Bare bare(true);
  bare.primary->step(Closed{make_connection_id(0, 1, 0), "lost"}, bare.now);
  for (std::uint16_t i = 1; i <= 3'000; ++i) bare.send(1, message("t", "x", 1, i));
  bare.seal();
  bare.now = bare.now.plus_ms(5'000);
  bare.seal();
  CHECK_FALSE(bare.primary->take_tables().has_value());
  CHECK(bare.primary->next_due() > bare.now);
}

TEST_CASE("with store.in_memory nothing is remembered of clients and topics that are gone") {
  Bare bare(true);
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    const std::string name = "c" + std::to_string(i);
    bare.open(2, with_will(v5(name, 1), will(name, "last")));
    bare.send(2, retained(name, "x"));
    bare.send(2, retained(name, ""));
    bare.send(2, mqtt::Disconnect{});
    bare.primary->step(Closed{make_connection_id(0, 1, 2), "closed"}, bare.now);
    bare.seal();
  }
  const TableMarks& marks = bare.state.marks();
  CHECK(marks.noted() < 5'000);
  CHECK(marks.rows() < 5'000);
}

TEST_CASE("a queue that was empty at a restart goes on behind the same log") {
  Lab lab;
  Client& client = lab.join(v5("c", 1'000));
  client.subscribe("t", 1);
  lab.join(v5("p")).publish("t", "1", 1);
  CHECK(client.next_acknowledged() == "t 1 q1 #1");
  lab.advance_s(3);  // The tables know nothing of the message, the log does.
  lab.restart();
  Client& again = lab.join(v5("c", 1'000));
  lab.join(v5("p")).publish("t", "2", 1);
  CHECK(again.next() == "t 2 q1 #1");
}

TEST_CASE("the first record of a primary begins its term, and no other does") {
  Bare bare;
  CHECK(bare.state.terms() == TermHistory{{{1, 1}, 1}});
  const Position last = bare.primary->position();
  State& state = bare.state;
  Primary next(state, quiet(), std::make_shared<const Access>(Policy{}), Term{2, 7}, last, Lsn{0});
  next.start(bare.now);
  const auto record = next.seal(bare.now);
  REQUIRE(record.has_value());
  CHECK(record->position.term == Term{2, 7});
  CHECK(record->position.lsn == last.lsn + 1);
  const auto opened = open_record(record->bytes, last);
  REQUIRE(opened.has_value());
  const auto* begin = std::get_if<TermStart>(&opened->mutations.front());
  REQUIRE(begin != nullptr);
  CHECK(begin->term == Term{2, 7});
  CHECK(begin->first == last.lsn + 1);
  CHECK(state.terms().back() == TermBegin{{2, 7}, last.lsn + 1});
  CHECK_FALSE(next.seal(bare.now).has_value());
}

TEST_CASE("a primary that rests seals nothing, and what says goodbye leaves without a record") {
  Lab lab;
  Client& client = lab.join(v5("c", 10));
  client.subscribe("t");
  const Position before = lab.primary().position();
  lab.primary().rest(true);
  CHECK(lab.primary().next_due().is_never());
  lab.batch([&] { lab.primary().broker().say_goodbye(lab.now, lab.primary().effects()); });
  CHECK(client.next().starts_with("DISCONNECT"));
  CHECK(lab.primary().position() == before);
}
