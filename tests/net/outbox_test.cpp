#include "net/outbox.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

MessageRef message_with(std::string payload) {
  auto message = std::make_shared<Message>();
  message->payload = std::move(payload);
  return message;
}

void write(Outbox& outbox, PendingPool& pool, const std::string& bytes) {
  outbox.tail(pool) += bytes;
  outbox.written();
}

// Sends up to `size_max` bytes through at most `views_max` views and returns them.
std::string send(Outbox& outbox, PendingPool& pool, std::size_t size_max,
                 std::size_t views_max = 8) {
  std::array<iovec, 8> views{};
  const std::size_t count = outbox.gather(std::span(views).first(views_max));
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    bytes.append(static_cast<const char*>(views[i].iov_base), views[i].iov_len);
  }
  bytes.resize(std::min(bytes.size(), size_max));
  outbox.sent(bytes.size(), pool);
  return bytes;
}

}  // namespace

TEST_CASE("bytes and shared payloads leave in their order, however little the socket takes") {
  for (const std::size_t views : {1U, 2U, 8U}) {
    for (std::size_t step = 1; step < 40; ++step) {
      PendingPool pool;
      Outbox outbox;
      write(outbox, pool, "head1 ");
      outbox.add_shared(message_with("payload1 "));
      outbox.add_shared(message_with("payload2 "));
      write(outbox, pool, "head2 ");
      outbox.add_shared(message_with(""));
      write(outbox, pool, "tail");
      const std::string expected = "head1 payload1 payload2 head2 tail";
      CHECK(outbox.size() == expected.size());
      std::string received;
      while (!outbox.empty()) {
        received += send(outbox, pool, step, views);
        REQUIRE(outbox.size() == expected.size() - received.size());
      }
      CHECK(received == expected);
    }
  }
}

TEST_CASE("what is added while some is sent comes behind it, and sent bytes are not kept") {
  PendingPool pool;
  Outbox outbox;
  std::string expected;
  std::string received;
  const MessageRef shared = message_with(std::string(10'000, 's'));
  for (int i = 0; i < 100; ++i) {
    const std::string bytes(5'000, static_cast<char>('a' + i % 26));
    write(outbox, pool, bytes);
    outbox.add_shared(shared);
    expected += bytes + shared->payload;
    received += send(outbox, pool, 14'900);
    CHECK(outbox.size() == expected.size() - received.size());
    CHECK(outbox.owned_size() <= outbox.size());
  }
  while (!outbox.empty()) received += send(outbox, pool, 100'000);
  CHECK(received == expected);
  CHECK(shared.use_count() == 1);
}

TEST_CASE("an outbox that is empty holds no buffer") {
  PendingPool pool;
  Outbox outbox;
  CHECK(outbox.empty());
  write(outbox, pool, "x");
  CHECK(pool.count() == 0);
  send(outbox, pool, 1);
  CHECK(outbox.empty());
  CHECK(pool.count() == 1);
  write(outbox, pool, "");  // A packet that has no form in its version.
  CHECK(outbox.empty());
  write(outbox, pool, "y");
  CHECK(send(outbox, pool, 10) == "y");
}

TEST_CASE("the pool does not keep a buffer that has grown large") {
  PendingPool pool;
  Outbox outbox;
  write(outbox, pool, std::string(1'000'000, 'x'));
  outbox.clear(pool);
  CHECK(outbox.empty());
  CHECK(pool.count() == 0);
}

TEST_CASE("a payload that is referred to does not count as owned") {
  PendingPool pool;
  Outbox outbox;
  write(outbox, pool, "head");
  outbox.add_shared(message_with(std::string(9'000, 'x')));
  CHECK(outbox.size() == 9'004);
  CHECK(outbox.owned_size() == 4);
}

}  // namespace tandemq
