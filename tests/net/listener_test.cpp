#include "net/listener.hpp"

#include "tests/net/loopback.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <asio/ip/tcp.hpp>
#include <doctest/doctest.h>

namespace tandemq {
namespace {

using asio::ip::tcp;

ListenerConfig at(const std::string& host, std::uint16_t port) {
  return {"mqtt://" + host + ":" + std::to_string(port), "mqtt", host, port, {}};
}

std::uint16_t port_of(const Listener& listener) {
  const std::string url = listener.bound_urls().at(0);
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

struct Door {
  explicit Door(const LimitsConfig& limits)
      : loop(limits),
        reception({&loop.hub}, limits, [this](const std::string& text) { warning = text; }),
        listener(loop.io, at("127.0.0.1", 0), reception) {
    REQUIRE(listener.open().has_value());
    listener.start();
  }
  tcp::socket connect() {
    tcp::socket socket(clients);
    socket.connect({asio::ip::make_address("127.0.0.1"), port_of(listener)});
    return socket;
  }

  tests::Loopback loop;
  std::string warning;
  Reception reception;
  Listener listener;
  asio::io_context clients;
};

}  // namespace

TEST_CASE("a listener tells the hub who came, and over which listener") {
  Door door({});
  const tcp::socket client = door.connect();
  REQUIRE(door.loop.run_until([&] { return door.loop.count<Opened>() == 1; }));
  const Origin& origin = *door.loop.last<Opened>().origin;
  CHECK(origin.address == "127.0.0.1:" + std::to_string(client.local_endpoint().port()));
  CHECK(origin.listener == "mqtt://127.0.0.1:0");
  CHECK(origin.loopback);
  CHECK_FALSE(origin.admin);
  CHECK(origin.entropy != std::array<std::uint8_t, 16>{});
}

TEST_CASE("port 0 is shown as the port that was chosen") {
  Door door({});
  CHECK(port_of(door.listener) != 0);
}

TEST_CASE("connections above the limit are turned away and told to the operator") {
  LimitsConfig limits;
  limits.max_connections = 2;
  Door door(limits);
  const tcp::socket first = door.connect();
  const tcp::socket second = door.connect();
  REQUIRE(door.loop.run_until([&] { return door.loop.count<Opened>() == 2; }));
  tcp::socket third = door.connect();
  REQUIRE(door.loop.run_until([&] { return door.reception.turned_away() == 1; }));
  CHECK(door.warning.find("limits.max_connections = 2") != std::string::npos);
  CHECK(door.loop.count<Opened>() == 2);
  asio::error_code error;
  char byte = 0;
  CHECK(third.read_some(asio::buffer(&byte, 1), error) == 0);
  CHECK(error);
}

TEST_CASE("connections above the rate wait, and are accepted in the end") {
  LimitsConfig limits;
  limits.accept_rate = 200;  // 20 at once, then one every 5 ms.
  Door door(limits);
  std::vector<tcp::socket> clients;
  for (int i = 0; i < 30; ++i) clients.push_back(door.connect());
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(door.loop.run_until([&] { return door.loop.count<Opened>() == 30; }));
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(40));
}

TEST_CASE("an address in use is an error that names it and says what to do") {
  Door door({});
  Listener second(door.loop.io, at("127.0.0.1", port_of(door.listener)), door.reception);
  const auto opened = second.open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().text.find("in use") != std::string::npos);
  CHECK(opened.error().text.find(std::to_string(port_of(door.listener))) != std::string::npos);
  CHECK(opened.error().text.find("another port") != std::string::npos);
}

TEST_CASE("an address of another machine is an error that names it") {
  Door door({});
  Listener listener(door.loop.io, at("192.0.2.1", 0), door.reception);
  const auto opened = listener.open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().text.find("192.0.2.1") != std::string::npos);
}

TEST_CASE("a listener that is closed accepts nobody") {
  Door door({});
  const std::uint16_t port = port_of(door.listener);
  door.listener.close();
  tcp::socket socket(door.clients);
  asio::error_code error;
  socket.connect({asio::ip::make_address("127.0.0.1"), port}, error);
  CHECK(error == asio::error::connection_refused);
}

}  // namespace tandemq
