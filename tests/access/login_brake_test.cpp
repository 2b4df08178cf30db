#include "access/login_brake.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

constexpr LoginBrake::Rules kRules{3, 60};
constexpr Instant kBegin{1'700'000'000'000};

void fail_times(LoginBrake& brake, std::string_view network, int times, Instant at) {
  for (int i = 0; i < times; ++i) brake.fail(network, kRules, at);
}

}  // namespace

TEST_CASE("logins are counted by IPv4 address and by the first 64 bits of IPv6") {
  CHECK(network_of("192.0.2.7:50123") == "192.0.2.7");
  CHECK(network_of("[2001:db8:1:2:3:4:5:6]:50123") == "2001:db8:1:2::/64");
  CHECK(network_of("[2001:db8:1:2::9]:1") == network_of("[2001:db8:1:2:ffff::]:2"));
  CHECK(network_of("[2001:db8:1:3::9]:1") != network_of("[2001:db8:1:2::9]:1"));
  CHECK(network_of("[::ffff:192.0.2.7]:50123") == "192.0.2.7");
  CHECK(network_of("[fe80::1%eth0]:5") == "fe80::/64");
  CHECK(network_of("unix:uid=1000,pid=42") == "unix:uid=1000");  // A new process is no new guesser.
  CHECK(network_of("").empty());
}

TEST_CASE("the first failures cost nothing, each further one doubles the pause") {
  LoginBrake brake;
  CHECK(brake.fail("a", kRules, kBegin) == 0);
  CHECK(brake.fail("a", kRules, kBegin) == 0);
  CHECK(brake.admit("a", kRules, kBegin));
  CHECK(brake.fail("a", kRules, kBegin) == 1'000);
  CHECK(brake.fail("a", kRules, kBegin) == 2'000);
  CHECK(brake.fail("a", kRules, kBegin) == 4'000);
  for (int i = 0; i < 100; ++i) brake.fail("a", kRules, kBegin);
  CHECK(brake.fail("a", kRules, kBegin) == 60'000);
}

TEST_CASE("after the pause one attempt is heard, and others wait for another pause") {
  LoginBrake brake;
  fail_times(brake, "a", 3, kBegin);
  CHECK_FALSE(brake.admit("a", kRules, kBegin));
  CHECK_FALSE(brake.admit("a", kRules, kBegin.plus_ms(999)));
  CHECK(brake.admit("a", kRules, kBegin.plus_ms(1'000)));
  CHECK_FALSE(brake.admit("a", kRules, kBegin.plus_ms(1'000)));
  CHECK(brake.admit("a", kRules, kBegin.plus_ms(2'000)));
}

TEST_CASE("refused attempts do not make the pause longer") {
  LoginBrake brake;
  fail_times(brake, "a", 3, kBegin);
  for (int i = 0; i < 1'000; ++i) CHECK_FALSE(brake.admit("a", kRules, kBegin.plus_ms(500)));
  CHECK(brake.admit("a", kRules, kBegin.plus_ms(1'000)));
}

TEST_CASE("another address is not slowed down") {
  LoginBrake brake;
  fail_times(brake, "a", 50, kBegin);
  CHECK(brake.admit("b", kRules, kBegin));
  CHECK(brake.fail("b", kRules, kBegin) == 0);
}

TEST_CASE("an address that fails no more is forgotten after an hour") {
  LoginBrake brake;
  fail_times(brake, "a", 50, kBegin);
  const Instant later = kBegin.plus_s(LoginBrake::kForgetS);
  CHECK(brake.admit("a", kRules, later));
  CHECK(brake.fail("a", kRules, later) == 0);
  CHECK(brake.count() == 1);
}

TEST_CASE("a full table forgets who has failed longest ago") {
  LoginBrake brake;
  fail_times(brake, "first", 3, kBegin);
  fail_times(brake, "second", 3, kBegin.plus_ms(1));
  brake.fail("first", kRules, kBegin.plus_ms(2));
  for (std::size_t i = 0; i < LoginBrake::kNetworksMax - 1; ++i)
    brake.fail(std::to_string(i), kRules, kBegin.plus_ms(3));
  CHECK(brake.count() == LoginBrake::kNetworksMax);
  CHECK(brake.admit("second", kRules, kBegin.plus_ms(3)));
  CHECK_FALSE(brake.admit("first", kRules, kBegin.plus_ms(3)));
}

TEST_CASE("with failures_max 0 nobody is slowed down and nothing is kept") {
  LoginBrake brake;
  const LoginBrake::Rules off{0, 60};
  for (int i = 0; i < 100; ++i) CHECK(brake.fail("a", off, kBegin) == 0);
  CHECK(brake.admit("a", off, kBegin));
  CHECK(brake.count() == 0);
}
