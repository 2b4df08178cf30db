#include "failover/heartbeat_port.hpp"

#include "tests/free_port.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <asio/ip/udp.hpp>
#include <doctest/doctest.h>

using namespace tandemq;

namespace {

// What takes longer does not happen.
constexpr std::chrono::seconds kPatience{10};

struct Side {
  Side(asio::io_context& io, std::uint64_t node, std::uint16_t listen, std::uint16_t peer,
       std::uint32_t interval_ms) {
    const auto address = [](std::uint16_t number) { return "127.0.0.1:" + std::to_string(number); };
    port = std::make_unique<HeartbeatPort>(
        io, HeartbeatPort::Config{address(listen), address(peer), interval_ms},
        Heartbeat("secret", {7, node, 100 + node}),
        HeartbeatPort::Ports{[this] { return Instant{++ms}; }, [this] { return about_us; },
                             [this] { ++heard; },
                             [this](const std::string& text) { warnings.push_back(text); }});
  }

  std::int64_t ms = 0;
  Beat about_us;
  int heard = 0;
  std::vector<std::string> warnings;
  std::unique_ptr<HeartbeatPort> port;
};

template <class Condition>
void run_until(asio::io_context& io, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition() && std::chrono::steady_clock::now() < deadline)
    io.run_one_for(std::chrono::milliseconds(100));
  REQUIRE(condition());
}

}  // namespace

TEST_CASE("two nodes hear each other over UDP, and what changes is said at once") {
  asio::io_context io;
  const std::uint16_t ports[] = {tests::free_port(), tests::free_port()};
  Side a(io, 1, ports[0], ports[1], 10);
  Side b(io, 2, ports[1], ports[0], 60'000);
  REQUIRE(a.port->start());
  REQUIRE(b.port->start());
  run_until(io, [&] { return a.heard > 0 && b.heard > 0; });
  CHECK(b.port->heartbeat().peer()->node == 1);
  b.about_us.outdated = true;
  b.port->tell();
  run_until(io, [&] { return a.port->heartbeat().peer()->outdated; });
  CHECK(a.warnings.empty());
  a.port->stop();
  b.port->stop();
}

TEST_CASE("a stranger on the second path is logged once, not for each datagram") {
  asio::io_context io;
  const std::uint16_t ports[] = {tests::free_port(), tests::free_port()};
  Side a(io, 1, ports[0], ports[1], 60'000);
  REQUIRE(a.port->start());
  asio::ip::udp::socket stranger(io, asio::ip::udp::endpoint(asio::ip::address_v4::loopback(), 0));
  const asio::ip::udp::endpoint to(asio::ip::address_v4::loopback(), a.port->port());
  const std::int64_t before = a.ms;
  for (int i = 0; i < 3; ++i) stranger.send_to(asio::buffer("hello", 5), to);
  run_until(io, [&] { return a.ms >= before + 6; });  // Taken and warned of, each.
  REQUIRE(a.warnings.size() == 1);
  CHECK(a.warnings[0].find("127.0.0.1") != std::string::npos);
  CHECK(a.heard == 0);
  a.port->stop();
}

TEST_CASE("an address that cannot be had is named") {
  asio::io_context io;
  Side a(io, 1, 0, 1, 10);
  REQUIRE(a.port->start());
  Side second(io, 3, a.port->port(), 1, 10);
  const auto started = second.port->start();
  REQUIRE_FALSE(started);
  CHECK(started.error().text.starts_with("heartbeat.listen = '127.0.0.1:"));
  a.port->stop();
}
