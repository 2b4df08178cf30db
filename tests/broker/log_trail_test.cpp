#include "broker/log_trail.hpp"

#include <initializer_list>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using Lines = std::vector<std::string>;
using mqtt::QoS;

namespace {

constexpr SessionId kOne{1};

OpenedRecord record(std::initializer_list<Mutation> mutations) {
  return {{{1, 1}, 3, 0}, 0, Instant{7}, mutations};
}

Mutation opened(std::string client_id) {
  SessionOpened m;
  m.session = kOne;
  m.client_id = std::move(client_id);
  m.durable = true;
  return m;
}

Mutation stored(std::uint64_t id, std::string topic) {
  Message message;
  message.id = MessageId{id};
  message.topic = std::move(topic);
  return MessageStored{std::make_shared<const Message>(std::move(message))};
}

Mutation queued(std::uint64_t sequence, std::uint64_t id, QoS qos, std::uint16_t packet_id = 0) {
  Queued m;
  m.session = kOne;
  m.sequence = sequence;
  m.message = MessageId{id};
  m.qos = qos;
  m.packet_id = packet_id;
  return m;
}

Lines lines(const LogTrail& trail) {
  Lines all;
  for (const HistoryRow& row : trail.rows()) {
    std::string line(name(row.what));
    if (row.number != 0) line += " #" + std::to_string(row.number);
    if (!row.text.empty()) line += " " + row.text;
    all.push_back(line);
  }
  return all;
}

}  // namespace

TEST_CASE("what was queued, sent and acknowledged is known by its topic") {
  LogTrail trail("c", kOne, 100);
  trail.take(record({opened("c"), stored(5, "a"), queued(0, 5, QoS::at_least_once)}));
  trail.take(record({stored(6, "b"), queued(1, 6, QoS::exactly_once), Sent{kOne, 1}}));
  trail.take(record({Sent{kOne, 2}, Acknowledged{kOne, 1}, Released{kOne, 2}}));
  trail.take(record({Acknowledged{kOne, 2}}));
  CHECK(lines(trail) == Lines{"session opened", "queued a", "queued b", "PUBLISH out #1 a",
                              "PUBLISH out #2 b", "PUBACK in #1 a", "PUBREC in #2 b",
                              "PUBCOMP in #2 b"});
  CHECK(trail.rows().front().lsn == 3);
}

TEST_CASE("a log that begins in the middle is not guessed at, until a queue begins anew") {
  LogTrail trail("c", kOne, 100);
  trail.take(record({Acknowledged{kOne, 1}, stored(5, "a"), queued(9, 5, QoS::at_least_once),
                     Sent{kOne, 2}, Acknowledged{kOne, 2}}));
  CHECK(lines(trail) == Lines{"acknowledged #1", "queued a", "PUBLISH out #2", "acknowledged #2"});
  trail.take(record({stored(6, "b"), queued(0, 6, QoS::at_least_once), Sent{kOne, 3}}));
  CHECK(lines(trail).back() == "PUBLISH out #3 b");
}

TEST_CASE("what was discarded is named, waiting or in flight") {
  LogTrail trail("c", kOne, 100);
  trail.take(record({stored(5, "a"), queued(0, 5, QoS::at_least_once, 1), stored(6, "b"),
                     queued(1, 6, QoS::at_least_once), Discarded{kOne, 1}, Discarded{kOne, 0}}));
  CHECK(lines(trail) == Lines{"PUBLISH out #1 a", "queued b", "discarded b", "discarded a"});
}

TEST_CASE("an earlier owner of the session id is forgotten when the log says who has it") {
  LogTrail ended("c", kOne, 100);
  ended.take(record({Subscribed{kOne, "of/another", 0, 0}, SessionEnded{kOne}, opened("c")}));
  CHECK(lines(ended) == Lines{"session opened"});
  LogTrail gone("c", SessionId::none, 100);
  gone.take(record({opened("c"), Subscribed{kOne, "t", 0, 0}, SessionEnded{kOne}, opened("d"),
                    Subscribed{kOne, "of/d", 0, 0}}));
  CHECK(lines(gone) == Lines{"session opened", "SUBSCRIBE t", "session ended"});
}

TEST_CASE("only the last rows are kept") {
  LogTrail trail("c", kOne, 2);
  for (const char* filter : {"a", "b", "c"}) trail.take(record({Subscribed{kOne, filter, 0, 0}}));
  CHECK(lines(trail) == Lines{"SUBSCRIBE b", "SUBSCRIBE c"});
}
