#include "failover/heartbeat_frame.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

HeartbeatFrame frame_with_all() {
  HeartbeatFrame frame;
  frame.cluster = 1;
  frame.node = 2;
  frame.number = {3, 4};
  frame.answers = {5, 6};
  frame.term = {7, 8};
  frame.leads = true;
  frame.in_sync = true;
  frame.outdated = true;
  frame.asks = 9;
  frame.noted = 10;
  return frame;
}

}  // namespace

TEST_CASE("a heartbeat has the bytes that are drawn, and comes back as it was") {
  HeartbeatCodec codec("secret");
  const std::string bytes = codec.encode(frame_with_all());
  REQUIRE(bytes.size() == kHeartbeatSize);
  CHECK(bytes.substr(0, 8) == std::string("TQBEAT\0\1", 8));
  for (std::size_t field = 0; field < 8; ++field)
    CHECK(Reader(ByteView(bytes).substr(8 + 8 * field)).u64() == field + 1);
  CHECK(bytes[72] == 7);
  CHECK(Reader(ByteView(bytes).substr(73)).u64() == 9);
  CHECK(Reader(ByteView(bytes).substr(81)).u64() == 10);
  const std::string key = hmac_sha256("secret", "tandemq heartbeat");
  CHECK(bytes.substr(89) == hmac_sha256(key, bytes.substr(0, 89)));
  const auto back = codec.decode(bytes);
  REQUIRE(back);
  CHECK(*back == frame_with_all());
}

TEST_CASE("flags of a heartbeat do not depend on each other") {
  HeartbeatCodec codec("secret");
  for (const int flags : {0, 1, 2, 4, 5}) {
    HeartbeatFrame frame;
    frame.leads = (flags & 1) != 0;
    frame.in_sync = (flags & 2) != 0;
    frame.outdated = (flags & 4) != 0;
    const auto back = codec.decode(codec.encode(frame));
    REQUIRE(back);
    CHECK(*back == frame);
  }
}

TEST_CASE("no byte of a heartbeat can be changed, left out or added unseen") {
  HeartbeatCodec codec("secret");
  const std::string bytes = codec.encode(frame_with_all());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK_FALSE(codec.decode(changed));
    CHECK_FALSE(codec.decode(ByteView(bytes).substr(0, at)));
  }
  CHECK_FALSE(codec.decode(bytes + "x"));
  CHECK(codec.decode(bytes));
}

TEST_CASE("a heartbeat that is not taken says why") {
  HeartbeatCodec codec("secret");
  const std::string bytes = HeartbeatCodec("another").encode(frame_with_all());
  CHECK(codec.decode(bytes).error().text.find("replication.secret_file") != std::string::npos);
  CHECK(codec.decode("hello").error().text == "it is no heartbeat");
  CHECK(codec.decode(std::string("TQBEAT\0\2", 8)).error().text ==
        "it has version 2, this node knows 1");
  CHECK(codec.decode(std::string("TQBEAT\0\1", 8)).error().text == "its size is wrong");
  CHECK(codec.decode(std::string("TQBEAT\0", 7)).error().text == "it is cut short");
}

TEST_CASE("clusters of different names have different numbers") {
  CHECK(cluster_number_of("plant") == cluster_number_of("plant"));
  CHECK(cluster_number_of("plant") != cluster_number_of("plant2"));
}
