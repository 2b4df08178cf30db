#include "config/listener_limits.hpp"

#include "config/listener_url.hpp"

#include <initializer_list>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

Config config_with(std::initializer_list<const char*> urls) {
  Config config;
  for (const char* url : urls) {
    auto listener = parse_listener_url(url);
    REQUIRE_MESSAGE(listener.has_value(), (listener ? "" : listener.error().text));
    config.listeners.push_back(std::move(*listener));
  }
  return config;
}

std::string limit_complaint(const char* url) {
  const auto listener = parse_listener_url(url);
  return listener ? "none" : listener.error().text;
}

}  // namespace

TEST_CASE("a listener has the limits of its URL, and those of the node otherwise") {
  Config config = config_with({"mqtt://localhost:1",
                               "mqtt://localhost:2?max_connections=7&accept_rate=8"
                               "&max_packet_size=4K&message_rate=9&byte_rate=1M&ack=memory",
                               "mqtts://localhost:3?cert=c&key=k&connections_per_address=3"
                               "&max_inflight=5&receive_maximum=6"
                               "&subscriptions_max=11"});
  config.limits.max_connections = 1'000;
  config.limits.max_inflight = 2'000;
  const ListenerLimits limits(config);
  REQUIRE(limits.size() == 4);
  for (const int number : {0, 1, 4, 65'535}) {
    CAPTURE(number);
    const auto plain = static_cast<std::uint16_t>(number);
    CHECK(limits.of(plain).max_connections == 1'000);
    CHECK(limits.of(plain).max_inflight == 2'000);
    CHECK(limits.of(plain).message_rate == 0);
  }
  CHECK(limits.of(2).max_connections == 7);
  CHECK(limits.of(2).accept_rate == 8);
  CHECK(limits.of(2).max_packet_size == 4'096);
  CHECK(limits.of(2).message_rate == 9);
  CHECK(limits.of(2).byte_rate == 1'048'576);
  CHECK(limits.of(2).max_inflight == 2'000);
  CHECK(limits.of(3).max_connections == 1'000);
  CHECK(limits.of(3).connections_per_address == 3);
  CHECK(limits.of(3).max_inflight == 5);
  CHECK(limits.of(3).receive_maximum == 6);
  CHECK(limits.of(3).subscriptions_max == 11);
}

TEST_CASE("a limit of a listener is checked as the option is") {
  CHECK(limit_complaint("mqtt://localhost?max_connections=0")
            .find("limits.max_connections = '0': expected") != std::string::npos);
  CHECK(limit_complaint("mqtt://localhost?max_packet_size=1")
            .find("limits.max_packet_size = '1': expected") != std::string::npos);
  CHECK(limit_complaint("mqtt://localhost?message_rate=fast").find("'fast': expected") !=
        std::string::npos);
  CHECK(limit_complaint("mqtt://localhost?message_rate=1&message_rate=2").find("stands twice") !=
        std::string::npos);
  // A session outlives its connection, and so does its queue.
  CHECK(limit_complaint("mqtt://localhost?max_queued_messages=1").find("is no parameter") !=
        std::string::npos);
}

}  // namespace tandemq
