#include "ctl/network.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("addresses are compared as addresses and not as text") {
  CHECK(same_address("2001:db8::1", "2001:DB8:0::1"));
  CHECK_FALSE(same_address("192.0.2.1", "192.0.2.2"));
  CHECK_FALSE(same_address("", ""));
  CHECK_FALSE(same_address("a-name", "a-name"));
}

TEST_CASE("two addresses share a network up to the last bit of its prefix") {
  CHECK(same_network("192.0.2.1", "192.0.2.254", 24));
  CHECK_FALSE(same_network("192.0.2.1", "192.0.3.1", 24));
  CHECK(same_network("192.0.2.1", "192.0.3.1", 23));
  CHECK(same_network("192.0.2.127", "192.0.2.1", 25));
  CHECK_FALSE(same_network("192.0.2.127", "192.0.2.128", 25));
  CHECK(same_network("192.0.2.1", "10.0.0.1", 0));
  CHECK(same_network("192.0.2.1", "192.0.2.1", 99));
  CHECK_FALSE(same_network("192.0.2.1", "2001:db8::1", 0));
}

TEST_CASE("a prefix can be left off") {
  CHECK(without_prefix("192.0.2.10/24") == "192.0.2.10");
  CHECK(without_prefix("192.0.2.10") == "192.0.2.10");
}

TEST_CASE("this machine has a loopback address with its prefix") {
  const auto here = network_addresses();
  REQUIRE(here.has_value());
  const auto loopback = std::find_if(here->begin(), here->end(), [](const NetworkAddress& one) {
    return one.address == "127.0.0.1";
  });
  REQUIRE(loopback != here->end());
  CHECK(loopback->prefix == 8);
}
