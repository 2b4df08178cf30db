#include "net/websocket_output.hpp"

#include "tests/net/websocket_frames.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using tests::ServerFrame;
using tests::take_server_frames;

struct Line {
  void write(const std::string& bytes) {
    outbox.tail(pool) += bytes;
    outbox.written();
  }
  void share(std::string payload) {
    auto message = std::make_shared<Message>();
    message->payload = std::move(payload);
    outbox.add_shared(std::move(message));
  }
  // What a socket takes that has room for so much; `views` of it at once.
  std::string take(std::size_t room, std::size_t view_count = 64) {
    std::array<iovec, 64> views{};
    std::string taken;
    const std::size_t count = output.gather(outbox, std::span(views).first(view_count));
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t size = std::min(views.at(i).iov_len, room - taken.size());
      taken.append(static_cast<const char*>(views.at(i).iov_base), size);
    }
    output.sent(taken.size(), outbox, pool);
    return taken;
  }
  std::string take_all(std::size_t room = 1'000'000'000) {
    std::string all;
    while (!output.empty(outbox)) {
      const std::string taken = take(room);
      REQUIRE_FALSE(taken.empty());
      all += taken;
    }
    return all;
  }

  PendingPool pool;
  Outbox outbox;
  WebSocketOutput output;
};

}  // namespace

TEST_CASE("[MQTT-6.0.0-1] what has gathered leaves as one binary frame, unmasked") {
  Line line;
  CHECK(line.output.empty(line.outbox));
  line.write("abc");
  line.write("def");
  std::string sent = line.take(1'000);
  CHECK(sent == std::string("\x82\x06") + "abcdef");
  CHECK(line.output.empty(line.outbox));
  CHECK(line.outbox.empty());
}

TEST_CASE("large payloads stay where they are, and every cut of the socket is overcome") {
  const std::string payload(70'000, 'p');
  for (const std::size_t room : {1U, 7U, 1'000U, 65'536U, 1'000'000U}) {
    CAPTURE(room);
    Line line;
    line.write("head");
    line.share(payload);
    line.write("tail");
    std::string sent = line.take_all(room);
    const std::vector<ServerFrame> frames = take_server_frames(sent);
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].first == 0x82);
    CHECK(frames[0].payload == "head" + payload + "tail");
    CHECK(sent.empty());
  }
}

TEST_CASE("what comes while a frame is under way is in the next one") {
  Line line;
  line.write(std::string(300, 'a'));
  std::string sent = line.take(100);
  line.write("bb");
  line.output.pong("p");
  line.output.close(1'000);
  line.output.close(1'002);
  CHECK(line.outbox.size() == 300 - 96 + 2);  // As far as back-pressure is concerned.
  sent += line.take_all(10);
  const std::vector<ServerFrame> frames = take_server_frames(sent);
  REQUIRE(frames.size() == 4);
  CHECK(frames[0].payload == std::string(300, 'a'));
  CHECK(frames[1].first == 0x8A);
  CHECK(frames[1].payload == "p");
  CHECK(frames[2].payload == "bb");
  CHECK(frames[3].first == 0x88);
  CHECK(frames[3].payload == tests::close_body(1'000));
  CHECK(sent.empty());
}

TEST_CASE("no frame is larger than a megabyte, so a pong waits for no more") {
  Line line;
  line.write("head");
  line.share(std::string(2'500'000, 'x'));
  std::string sent = line.take(1'000);
  line.output.pong("p");
  sent += line.take_all();
  const std::vector<ServerFrame> frames = take_server_frames(sent);
  REQUIRE(frames.size() == 4);
  CHECK(frames[0].payload.size() == 1'048'576);
  CHECK(frames[1].payload == "p");
  CHECK(frames[2].payload.size() == 1'048'576);
  CHECK(frames[3].payload.size() == 2'500'004 - 2 * 1'048'576);
}

TEST_CASE("one pong is owed, however many pings there were") {
  Line line;
  for (int i = 0; i < 1'000; ++i) line.output.pong(std::to_string(i));
  std::string sent = line.take_all();
  const std::vector<ServerFrame> frames = take_server_frames(sent);
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].payload == "999");
}

TEST_CASE("after the close, and after a loss, nothing leaves") {
  Line line;
  line.output.put("HTTP/1.1 101");
  line.write("x");
  line.output.close(1'000);
  std::string sent = line.take_all(5);
  REQUIRE(sent.starts_with("HTTP/1.1 101"));
  sent.erase(0, 12);
  CHECK(take_server_frames(sent).size() == 2);
  line.write("y");
  line.output.pong("p");
  CHECK(line.output.empty(line.outbox));

  Line lost;
  lost.write(std::string(300, 'a'));
  lost.take(100);
  lost.outbox.clear(lost.pool);
  lost.output.clear();
  lost.output.close(1'000);
  CHECK(lost.output.empty(lost.outbox));
}

}  // namespace tandemq
