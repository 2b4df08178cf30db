#include "config/ip_network.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

IpAddress ip(const char* text) {
  return parse_ip_address(text).value();
}

}  // namespace

TEST_CASE("a network holds the addresses that begin like it, and no others") {
  struct Row {
    const char* network;
    const char* address;
    bool within;
  };
  constexpr Row kRows[] = {
      {"192.0.2.10", "192.0.2.10", true},
      {"192.0.2.10", "192.0.2.11", false},
      {"10.0.0.0/8", "10.255.255.255", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"192.0.2.128/25", "192.0.2.128", true},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "::1", false},
      {"::/0", "203.0.113.9", false},
      {"::/0", "2001:db8::1", true},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"2001:db8::7", "2001:db8::7", true},
      {"2001:db8::7/128", "2001:db8::8", false},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.network);
    CAPTURE(row.address);
    const auto network = parse_ip_network(row.network);
    REQUIRE(network.has_value());
    CHECK(network->contains(ip(row.address)) == row.within);
  }
}

TEST_CASE("what is no network is refused with what it is and what is missing") {
  struct Row {
    const char* text;
    const char* why;
  };
  constexpr Row kRows[] = {
      {"", "expected an IPv4 or IPv6 address"},
      {"proxy.example.org", "expected an IPv4 or IPv6 address"},
      {"192.0.2.10:80", "expected an IPv4 or IPv6 address"},
      {"[::1]", "expected an IPv4 or IPv6 address"},
      {"10.0.0.0/", "a number up to 32"},
      {"10.0.0.0/33", "a number up to 32"},
      {"10.0.0.0/8x", "a number up to 32"},
      {"::/129", "a number up to 128"},
      {"::/256", "a number up to 128"},
      {"10.0.0.1/8", "it has bits behind the first 8"},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.text);
    const auto network = parse_ip_network(row.text);
    REQUIRE_FALSE(network.has_value());
    CHECK(network.error().text.find(row.why) != std::string::npos);
    CHECK(network.error().text.starts_with("'" + std::string(row.text) + "' is no address"));
  }
}

TEST_CASE("loopback is 127.0.0.0/8 and ::1, in any notation") {
  for (const char* text : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    CAPTURE(text);
    CHECK(is_loopback(ip(text)));
  }
  for (const char* text : {"128.0.0.1", "0.0.0.0", "::", "::2", "::ffff:10.0.0.1", "7f00::1"}) {
    CAPTURE(text);
    CHECK_FALSE(is_loopback(ip(text)));
  }
}

}  // namespace tandemq
