#include "transfer/line_check.hpp"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

SessionLine session(std::string client, std::uint32_t expiry_s = 60) {
  SessionLine line;
  line.client = std::move(client);
  line.expiry_s = expiry_s;
  return line;
}

MessageLine message(std::uint64_t id) {
  Message content;
  content.id = static_cast<MessageId>(id);
  return {std::make_shared<const Message>(std::move(content))};
}

QueuedLine queued(std::string client, std::uint64_t id, std::uint16_t packet_id = 0) {
  QueuedLine line;
  line.client = std::move(client);
  line.message = static_cast<MessageId>(id);
  line.qos = mqtt::QoS::at_least_once;
  line.packet_id = packet_id;
  return line;
}

// What is said of the last line; those before it are right.
std::string verdict_on_last(const std::vector<Line>& lines) {
  LineCheck check;
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    const auto taken = check.take(lines[i]);
    CHECK_MESSAGE(taken.has_value(), (taken ? "" : taken.error().text));
  }
  const auto last = check.take(lines.back());
  return last ? "" : last.error().text;
}

}  // namespace

TEST_CASE("lines that stand behind what they name are right") {
  const RetainedLine retained{static_cast<MessageId>(1)};
  CHECK(verdict_on_last({HeaderLine{}, session("c"), SubscriptionLine{"c", "t", {}, 0}, message(1),
                         queued("c", 1, 5), queued("c", 1), retained})
            .empty());
}

TEST_CASE("a line that names what does not stand before it is wrong") {
  constexpr const char* kNoSession = "The client 'c' has no session line before this one.";
  constexpr const char* kNoMessage = "The message 1 has no line before this one.";
  CHECK(verdict_on_last({SubscriptionLine{"c", "t", {}, 0}}) == kNoSession);
  CHECK(verdict_on_last({message(1), queued("c", 1)}) == kNoSession);
  CHECK(verdict_on_last({session("c"), queued("c", 1)}) == kNoMessage);
  CHECK(verdict_on_last({RetainedLine{static_cast<MessageId>(1)}}) == kNoMessage);
  CHECK(verdict_on_last({message(1), HeaderLine{}, RetainedLine{static_cast<MessageId>(1)}}) ==
        kNoMessage);
}

TEST_CASE("a session, a message and a packet id stand there once") {
  CHECK(verdict_on_last({session("c"), session("c")}) == "The client 'c' has two session lines.");
  CHECK(verdict_on_last({message(1), message(1)}) == "The message 1 has two lines.");
  CHECK(verdict_on_last({session("c"), message(1), queued("c", 1, 5), queued("c", 1, 5)}) ==
        "The client 'c' has a delivery with this packet id already.");
}

TEST_CASE("what is in flight stands before what waits, and a session outlives its connection") {
  CHECK(verdict_on_last({session("c"), message(1), queued("c", 1), queued("c", 1, 5)}) ==
        "What is in flight stands before what waits.");
  CHECK(verdict_on_last({session("c", 0)}) == "The session of 'c' ends with its connection.");
}

TEST_CASE("a delivery that its receiver has names no message") {
  QueuedLine released = queued("c", 0, 5);
  released.qos = mqtt::QoS::exactly_once;
  released.released = true;
  CHECK(verdict_on_last({session("c"), released}).empty());
}
