#include "journal/mutation.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;
using mqtt::QoS;

namespace {

constexpr auto kSession = static_cast<SessionId>(300);
constexpr auto kMessage = static_cast<MessageId>(70'000);

MessageRef sample_message() {
  Message message;
  message.id = kMessage;
  message.qos = QoS::exactly_once;
  message.retain = true;
  message.published_at = Instant{1'700'000'000'000};
  message.expires_at = Instant{1'700'000'000'500};
  message.topic = "a/b";
  message.payload = std::string("\0\xFF", 2);
  message.forwarded = "f";
  message.publisher = "p";
  return std::make_shared<const Message>(std::move(message));
}

// One of each kind, every field unlike its default.
std::vector<Mutation> samples() {
  Queued queued{kSession,   UINT64_MAX,       kMessage, QoS::at_least_once, true, 65'535,
                UINT64_MAX, {1, 268'435'455}, {}};
  WillSet will{"c", "u", UINT32_MAX, 0, sample_message()};
  return {SessionOpened{kSession, "c", "u", UINT32_MAX, Instant{5}, true},
          SessionResumed{kSession, "u", 9, Instant{5}},
          SessionSuspended{kSession, 9, Instant{5}},
          SessionEnded{kSession},
          Subscribed{kSession, "a/#", 0x2D, 268'435'455},
          Unsubscribed{kSession, "a/#"},
          MessageStored{sample_message()},
          queued,
          Sent{kSession, 1},
          Released{kSession, 2},
          Acknowledged{kSession, 3},
          Discarded{kSession, UINT64_MAX},
          IncomingTaken{kSession, 4},
          IncomingReleased{kSession, 5},
          RetainedSet{kMessage},
          RetainedCleared{"a"},
          will,
          WillScheduled{"c", Instant{7}},
          WillCleared{"c"},
          TermStart{{7, UINT64_MAX}, 300}};
}

std::string bytes_of(const Mutation& mutation) {
  std::string bytes;
  Writer writer(bytes);
  write_mutation(writer, mutation);
  return bytes;
}

}  // namespace

TEST_CASE("there is a sample of every kind") {
  const auto all = samples();
  REQUIRE(all.size() == std::variant_size_v<Mutation>);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i].index() == i);
}

TEST_CASE("every kind of mutation survives the way to bytes and back") {
  for (const Mutation& mutation : samples()) {
    INFO("kind ", mutation.index());
    const std::string bytes = bytes_of(mutation);
    Reader reader(bytes);
    const Mutation again = read_mutation(reader);
    CHECK(reader.done());
    CHECK(again.index() == mutation.index());
    CHECK(bytes_of(again) == bytes);
  }
}

TEST_CASE("a mutation that is cut short anywhere fails its reader") {
  for (const Mutation& mutation : samples()) {
    const std::string bytes = bytes_of(mutation);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      INFO("kind ", mutation.index(), " size ", size);
      Reader reader(ByteView(bytes).substr(0, size));
      read_mutation(reader);
      CHECK_FALSE(reader.ok());
    }
  }
}

TEST_CASE("kinds that are not known and fields out of range fail the reader") {
  for (const std::string& bytes :
       {std::string("\0", 1), std::string("\x14\x01", 2), std::string("\x04\0", 2),
        std::string("\x09\x01\xFF\xFF\xFF\x07", 6)}) {
    Reader reader(bytes);
    read_mutation(reader);
    CHECK_FALSE(reader.ok());
  }
}

TEST_CASE("an absent will expiry is not an expiry of 0") {
  WillSet absent{"c", "u", 0, std::nullopt, sample_message()};
  WillSet zero{"c", "u", 0, 0U, sample_message()};
  CHECK(bytes_of(absent) != bytes_of(zero));
  const std::string bytes = bytes_of(absent);
  Reader reader(bytes);
  CHECK_FALSE(std::get<WillSet>(read_mutation(reader)).message_expiry_s.has_value());
}
