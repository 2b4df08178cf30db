#include "net/websocket_input.hpp"

#include "tests/net/websocket_frames.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using namespace tests;

struct Heard {
  std::string bytes;
  std::uint16_t close = 0;
  std::string why;
  std::string ping;
  bool holds_buffer = false;
};

Heard hear(const std::string& sent, std::size_t piece = 1'000'000) {
  WebSocketInput input;
  SpareDecoder spare;
  Heard heard;
  for (std::size_t at = 0; at < sent.size() && heard.close == 0; at += piece) {
    std::string part = sent.substr(at, piece);
    const WebSocketInput::Taken taken = input.take({part.data(), part.size()}, spare);
    REQUIRE(taken.size <= part.size());
    heard.bytes += part.substr(0, taken.size);
    heard.close = taken.close;
    heard.why = taken.why;
    if (taken.ping) heard.ping = *taken.ping;
  }
  heard.holds_buffer = input.holds_buffer();
  return heard;
}

void expect_end(const std::string& frame, std::uint16_t code, const char* why) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1'000}}) {
    const Heard heard = hear(binary("before") + frame + binary("behind"), piece);
    CAPTURE(why);
    CHECK(heard.bytes == "before");
    CHECK(heard.close == code);
    CHECK(heard.why.find(why) != std::string::npos);
    CHECK_FALSE(heard.holds_buffer);
  }
}

}  // namespace

TEST_CASE("[MQTT-6.0.0-2] bytes come out of frames as they went in, however they are cut") {
  std::string large(200'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 / 7);
  const std::string medium = large.substr(5, 300);
  const std::string sent = binary("a") + client_frame(kBinary, "one ") +
                           client_frame(kContinuation, "") + client_frame(kFin | kPing, "are you") +
                           client_frame(kContinuation, medium) +
                           client_frame(kFin | kContinuation, " two") + binary("") +
                           client_frame(kFin | kPong, "unasked") + binary(large) + binary("z");
  const std::string expected = "aone " + medium + " two" + large + "z";
  for (const std::size_t piece : {1U, 2U, 3U, 13U, 4'095U, 4'096U, 65'536U, 1'000'000U}) {
    CAPTURE(piece);
    const Heard heard = hear(sent, piece);
    CHECK(heard.bytes == expected);
    CHECK(heard.close == 0);
    CHECK(heard.ping == "are you");
    CHECK_FALSE(heard.holds_buffer);
  }
}

TEST_CASE("a buffer is held only while a frame has come in part, then the next one uses it") {
  WebSocketInput one;
  WebSocketInput other;
  SpareDecoder spare;
  std::string frame = binary("abc");
  std::string half = frame.substr(0, 1);
  CHECK(one.take({half.data(), half.size()}, spare).size == 0);
  CHECK(one.holds_buffer());
  CHECK(spare == nullptr);
  std::string whole = frame;
  CHECK(other.take({whole.data(), whole.size()}, spare).size == 3);
  CHECK_FALSE(other.holds_buffer());
  const WebSocketDecoder* const used = spare.get();
  REQUIRE(used != nullptr);
  std::string rest = frame.substr(1);
  CHECK(one.take({rest.data(), rest.size()}, spare).size == 3);
  CHECK_FALSE(one.holds_buffer());
  // Part of a message is no part of a frame.
  std::string begun = client_frame(kBinary, "de");
  CHECK(one.take({begun.data(), begun.size()}, spare).size == 2);
  CHECK_FALSE(one.holds_buffer());
  std::string fresh = binary("f");
  CHECK(one.take({fresh.data(), fresh.size()}, spare).close == kWebSocketProtocolError);
}

TEST_CASE("[MQTT-6.0.0-1] a text frame ends the connection") {
  expect_end(client_frame(kFin | kText, "text"), 1'003, "text frame");
  expect_end(client_frame(kText, ""), 1'003, "text frame");
}

TEST_CASE("a frame that the RFC forbids ends the connection, with what came before it") {
  expect_end(client_frame(kFin | kBinary, "x", false), 1'002, "not masked");
  expect_end(client_frame(kFin | kPing, "", false), 1'002, "not masked");
  expect_end(client_frame(kFin | 0x40 | kBinary, "x"), 1'002, "extension");
  expect_end(client_frame(kFin | 0x20 | kBinary, "x"), 1'002, "extension");
  expect_end(client_frame(kFin | 0x10 | kPing, "x"), 1'002, "extension");
  expect_end(client_frame(kFin | kContinuation, "x"), 1'002, "continues no message");
  expect_end(client_frame(kFin | 0x3, "x"), 1'002, "kind");
  expect_end(client_frame(kFin | 0xB, "x"), 1'002, "kind");
  expect_end(client_frame(kPing, "x"), 1'002, "malformed");
  expect_end(client_frame(kFin | kPing, std::string(126, 'x')), 1'002, "malformed");
  expect_end(client_header(kFin | kBinary, std::uint64_t{1} << 63U), 1'002, "malformed");
  expect_end(client_header(kFin | kBinary, (std::uint64_t{1} << 63U) - 1) + "x", 1'009, "gigabyte");
  expect_end(client_header(kFin | kBinary, kWebSocketFrameMax + 1) + "x", 1'009, "gigabyte");
  // A length in more bytes than it needs.
  expect_end(std::string("\x82\xFE\x00\x05", 4) + "maskhello", 1'002, "malformed");
  const Heard begun = hear(client_frame(kBinary, "ab") + client_frame(kBinary, "c"));
  CHECK(begun.bytes == "ab");
  CHECK(begun.close == 1'002);
}

TEST_CASE("the largest frame that may be is begun without an end") {
  const Heard heard =
      hear(client_header(kFin | kBinary, kWebSocketFrameMax) + std::string(9, '\0'));
  CHECK(heard.close == 0);
  CHECK(heard.bytes.size() == 9);
  CHECK(heard.holds_buffer);
}

TEST_CASE("a client that closes gets its code back, if there is such a code") {
  const auto end = [](const std::string& body) { return client_frame(kFin | kClose, body); };
  expect_end(end(""), 1'000, "closed by the client");
  expect_end(end(close_body(1'000, "bye \xC3\xBC")), 1'000, "closed by the client");
  expect_end(end(close_body(4'999)), 4'999, "closed by the client");
  for (const int code : {0, 999, 1'004, 1'005, 1'006, 1'015, 2'999, 5'000})
    expect_end(end(close_body(static_cast<std::uint16_t>(code))), 1'002, "valid code");
  expect_end(end("\x03"), 1'002, "valid code");
  expect_end(end(close_body(1'000, "\xFF")), 1'007, "UTF-8");
}

TEST_CASE("of many pings the last one is to be answered") {
  const Heard heard = hear(client_frame(kFin | kPing, "1") + client_frame(kFin | kPing, "2"));
  CHECK(heard.ping == "2");
  CHECK(hear(client_frame(kFin | kPing, std::string(125, 'p'))).ping == std::string(125, 'p'));
}

}  // namespace tandemq
