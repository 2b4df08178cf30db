#include "journal/message.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("a message survives the way to bytes and back, never and times alike") {
  Message message;
  message.id = static_cast<MessageId>(UINT64_MAX);
  message.qos = mqtt::QoS::at_least_once;
  message.retain = true;
  message.published_at = Instant{12};
  message.topic = "t";
  message.payload = std::string(300, 'x');
  std::string bytes;
  Writer writer(bytes);
  write_message(writer, message);
  Reader reader(bytes);
  const Message again = read_message(reader);
  CHECK(reader.done());
  CHECK(again.id == message.id);
  CHECK(again.qos == message.qos);
  CHECK(again.retain);
  CHECK(again.published_at == Instant{12});
  CHECK(again.expires_at.is_never());
  CHECK(again.payload == message.payload);
}

TEST_CASE("a message is expired from its instant on, and counts topic, payload and properties") {
  Message message;
  message.topic = "ab";
  message.payload = "cde";
  message.forwarded = "f";
  CHECK(message.size() == 6);
  CHECK_FALSE(message.expired_at(Instant{INT64_MAX - 1}));
  message.expires_at = Instant{10};
  CHECK_FALSE(message.expired_at(Instant{9}));
  CHECK(message.expired_at(Instant{10}));
}
