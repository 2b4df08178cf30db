#include "mqtt/encode.hpp"
#include "net/hub.hpp"
#include "tests/net/loopback.hpp"
#include "tests/net/proxy_headers.hpp"

#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

using tests::Loopback;
using tests::Peer;

const std::string kLine = "PROXY TCP4 192.0.2.7 198.51.100.1 50123 1883\r\n";

std::string ping() {
  std::string bytes;
  mqtt::encode(mqtt::Packet(mqtt::Ping{}), mqtt::Version::v311, bytes);
  return bytes;
}

// A connection of a proxy to a listener on a loopback address.
std::unique_ptr<Peer> come(Loopback& loop, ProxyUse use = ProxyUse::address) {
  const auto [accepted, client] = tests::make_connection();
  auto origin = std::make_unique<Origin>();
  origin->address = "127.0.0.1:4000";
  origin->loopback = true;
  loop.hub.offer(accepted, std::move(origin), {nullptr, nullptr, use});
  return std::make_unique<Peer>(client);
}

const Origin& origin_of_next(Loopback& loop) {
  REQUIRE(loop.run_until([&] { return loop.count<Opened>() == 1; }));
  return *loop.last<Opened>().origin;
}

bool is_refused(Loopback& loop, Peer& peer) {
  return loop.run_until([&] { return loop.hub.counters().proxy_headers_refused == 1; }) &&
         loop.run_until([&] { return !peer.read(); }) && loop.hub.counters().connections == 0 &&
         loop.count<Opened>() == 0 && loop.count<Closed>() == 0;
}

}  // namespace

TEST_CASE("the client behind a proxy is known by its own address, and is not of this machine") {
  for (const std::string& header : {kLine, tests::proxy_v2_of_client()}) {
    Loopback loop;
    const auto peer = come(loop);
    peer->send(header + ping());
    const Origin& origin = origin_of_next(loop);
    CHECK(origin.address == "192.0.2.7:50123");
    CHECK_FALSE(origin.loopback);
    REQUIRE(loop.run_until([&] { return loop.count<Received>() == 1; }));
    CHECK(loop.ends.size() == 1);
  }
}

TEST_CASE("who is behind a proxy counts as of this machine only if both are") {
  struct Row {
    std::string header;
    const char* address;
    bool loopback;
  };
  const Row rows[] = {
      {"PROXY TCP4 127.0.0.1 127.0.0.1 5 6\r\n", "127.0.0.1:5", true},
      {"PROXY UNKNOWN\r\n", "127.0.0.1:4000", false},
      {tests::proxy_v2(0x21, 0x00, ""), "127.0.0.1:4000", false},
      {tests::proxy_v2(0x20, 0x00, ""), "127.0.0.1:4000", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.header);
    Loopback loop;
    const auto peer = come(loop);
    peer->send(row.header);
    const Origin& origin = origin_of_next(loop);
    CHECK(origin.address == row.address);
    CHECK(origin.loopback == row.loopback);
  }
}

TEST_CASE("a PROXY header may come byte by byte, and nothing behind it is lost") {
  for (const std::string& header : {kLine, tests::proxy_v2_of_client()}) {
    Loopback loop;
    const auto peer = come(loop);
    for (const char byte : header + ping()) {
      peer->send(std::string(1, byte));
      loop.io.poll();
    }
    CHECK(origin_of_next(loop).address == "192.0.2.7:50123");
    REQUIRE(loop.run_until([&] { return loop.count<Received>() == 1; }));
  }
}

TEST_CASE("without a good PROXY header a connection ends, and the core has never heard of it") {
  for (const std::string& bytes : {ping(), std::string("PROXY TCP4 nonsense\r\n")}) {
    Loopback loop;
    const auto peer = come(loop);
    peer->send(bytes);
    CHECK(is_refused(loop, *peer));
  }
}

TEST_CASE("a proxy that ends before its header is whole is refused") {
  Loopback loop;
  const auto peer = come(loop);
  peer->send(kLine.substr(0, 20));
  peer->shut_output();
  CHECK(is_refused(loop, *peer));
}

TEST_CASE("who connects and says nothing wants to know if the port is open: no bad header") {
  Loopback loop;
  const auto peer = come(loop);
  peer->shut_output();
  REQUIRE(loop.run_until([&] { return !peer->read(); }));
  CHECK(loop.hub.counters().proxy_headers_refused == 0);
}

TEST_CASE("a PROXY header has the time of limits.connect_timeout_ms") {
  LimitsConfig limits;
  limits.connect_timeout_ms = 100;
  Loopback loop(limits);
  const auto peer = come(loop);
  peer->send(kLine.substr(0, 20));
  CHECK(is_refused(loop, *peer));
}

TEST_CASE("the certificate that a proxy has seen names the user only where that is asked for") {
  const std::string header =
      tests::proxy_v2_of_client(tests::proxy_tls(0x07, 0, tests::proxy_field(0x22, "sensor")));
  Loopback plain;
  const auto first = come(plain);
  first->send(header);
  CHECK_FALSE(origin_of_next(plain).certificate_user.has_value());
  Loopback asking;
  const auto second = come(asking, ProxyUse::address_and_user);
  second->send(header);
  CHECK(origin_of_next(asking).certificate_user == "sensor");
}

}  // namespace tandemq
