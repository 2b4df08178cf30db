#include "broker/admission.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

LimitsConfig address_limits(std::uint32_t connections, std::uint32_t rate) {
  LimitsConfig limits;
  limits.connections_per_address = connections;
  limits.connect_rate_per_address = rate;
  return limits;
}

std::string v4_address(std::uint32_t number) {
  return "10." + std::to_string(number >> 16U & 0xFFU) + "." +
         std::to_string(number >> 8U & 0xFFU) + "." + std::to_string(number & 0xFFU) + ":1";
}

}  // namespace

TEST_CASE("an address counts without its port, one of IPv6 by its first 64 bits") {
  CHECK(address_key("192.0.2.7:1") == address_key("192.0.2.7:50123"));
  CHECK(address_key("192.0.2.7:1") != address_key("192.0.2.8:1"));
  CHECK(address_key("[::ffff:192.0.2.7]:1") == address_key("192.0.2.7:1"));
  CHECK(address_key("[::ffff:192.0.2.7]:1") != address_key("[::ffff:192.0.2.8]:1"));
  CHECK(address_key("[2001:db8:0:1::1]:1") == address_key("[2001:db8:0:1:ffff::2]:9"));
  CHECK(address_key("[2001:db8:0:1::1]:1") != address_key("[2001:db8:0:2::1]:1"));
  CHECK(address_key("[fe80::1%eth0]:1") == address_key("[fe80::2%eth1]:1"));
  for (const char* none : {"", "unix", "/run/tandemq.sock", "[", "[]:1", "host:1", "1.2.3:4"}) {
    CAPTURE(none);
    CHECK_FALSE(address_key(none).has_value());
  }
}

TEST_CASE("without limits nobody is counted") {
  Admission admission((ListenerLimits(LimitsConfig{})));
  for (int i = 0; i < 100; ++i)
    CHECK(admission.open("192.0.2.7:1", {}, {0}).welcome == Admittance::uncounted);
  admission.enter("ann");
  CHECK(admission.of_user("ann") == 0);
  CHECK(admission.address_count() == 0);
}

TEST_CASE("an address has as many connections as it may, and eight are told") {
  const LimitsConfig limits = address_limits(2, 0);
  Admission admission((ListenerLimits(limits)));
  const std::string one = "192.0.2.7:1";
  for (int i = 0; i < 2; ++i)
    CHECK(admission.open(one, limits, {0}).welcome == Admittance::welcome);
  for (std::uint32_t i = 0; i < Admission::kToldMax; ++i) {
    const auto refused = admission.open(one, limits, {0});
    CHECK(refused.welcome == Admittance::too_many);
    CHECK_FALSE(refused.turned_away);
  }
  CHECK(admission.open(one, limits, {0}).turned_away);
  CHECK(admission.open("192.0.2.8:1", limits, {0}).welcome == Admittance::welcome);

  admission.close(one, Admittance::turned_away, {0});
  CHECK(admission.open(one, limits, {0}).turned_away);
  admission.close(one, Admittance::too_many, {0});
  CHECK_FALSE(admission.open(one, limits, {0}).turned_away);
  admission.close(one, Admittance::welcome, {0});
  CHECK(admission.open(one, limits, {0}).welcome == Admittance::welcome);
  CHECK(admission.open("unix", limits, {0}).welcome == Admittance::uncounted);
}

TEST_CASE("an address connects as often as it may, however short its connections are") {
  const LimitsConfig limits = address_limits(0, 3);
  Admission admission((ListenerLimits(limits)));
  int let_in = 0;
  for (int ms = 0; ms < 10'000; ++ms) {
    const auto opened = admission.open("192.0.2.7:1", limits, {ms});
    let_in += opened.welcome == Admittance::welcome ? 1 : 0;
    if (opened.welcome != Admittance::welcome) CHECK(opened.welcome == Admittance::too_often);
    admission.close("192.0.2.7:1", opened.welcome, {ms});
  }
  CHECK(let_in == 3 + 3 * 10 - 1);
}

TEST_CASE("addresses without a connection are forgotten, and are never too many") {
  const LimitsConfig limits = address_limits(1, 1);
  Admission admission((ListenerLimits(limits)));
  const std::uint32_t all = Admission::kIdleMax + 1'000;
  for (std::uint32_t i = 0; i < all; ++i) {
    CHECK(admission.open(v4_address(i), limits, {0}).welcome == Admittance::welcome);
    admission.close(v4_address(i), Admittance::welcome, {0});
  }
  CHECK(admission.address_count() <= Admission::kIdleMax + 1);
  CHECK(admission.open("192.0.2.7:1", limits, {1'000}).welcome == Admittance::welcome);
  CHECK(admission.address_count() == 1);
}

TEST_CASE("new limits find those who are here") {
  Admission admission((ListenerLimits(LimitsConfig{})));
  const LimitsConfig limits = address_limits(1, 0);
  admission.set_limits(limits);
  CHECK(admission.count("192.0.2.7:1", Admittance::uncounted) == Admittance::welcome);
  CHECK(admission.count("unix", Admittance::uncounted) == Admittance::uncounted);
  CHECK(admission.count("192.0.2.7:2", Admittance::too_many) == Admittance::too_many);
  CHECK(admission.open("192.0.2.7:3", limits, {0}).welcome == Admittance::too_many);
  admission.close("192.0.2.7:1", Admittance::welcome, {0});
  CHECK(admission.open("192.0.2.7:3", limits, {0}).welcome == Admittance::welcome);
  admission.set_limits(LimitsConfig{});
  admission.close("192.0.2.7:3", Admittance::welcome, {0});
  CHECK(admission.address_count() == 0);
}

TEST_CASE("users are counted by their name, and who has none is not") {
  LimitsConfig limits;
  limits.connections_per_user = 1;
  Admission admission((ListenerLimits(limits)));
  admission.enter("ann");
  admission.enter("ann");
  admission.enter("bob");
  admission.enter("");
  CHECK(admission.of_user("ann") == 2);
  admission.leave("ann");
  admission.leave("");
  CHECK(admission.of_user("ann") == 1);
  CHECK(admission.of_user("bob") == 1);
  CHECK(admission.of_user("") == 0);
}

}  // namespace tandemq
