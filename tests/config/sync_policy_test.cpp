#include "config/sync_policy.hpp"

#include <initializer_list>
#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using Mode = SyncPolicy::Mode;

TEST_CASE("store.sync is commit, an interval in milliseconds, or never") {
  CHECK(parse_sync_policy("commit")->mode == Mode::commit);
  CHECK(parse_sync_policy("never")->mode == Mode::never);
  for (const std::uint32_t ms : std::initializer_list<std::uint32_t>{1, 50, 60'000}) {
    const auto policy = parse_sync_policy("interval:" + std::to_string(ms));
    REQUIRE(policy.has_value());
    CHECK(policy->mode == Mode::interval);
    CHECK(policy->interval_ms == ms);
  }
}

TEST_CASE("anything else is an error that says what it is and what may be there") {
  for (const char* const text :
       {"", "always", "Commit", "commit ", " never", "interval", "interval:", "interval:0",
        "interval:60001", "interval:-1", "interval:+5", "interval: 5", "interval:5ms",
        "interval:5.5", "interval:99999999999", "interval:4294967297"}) {
    INFO("'", text, "'");
    const auto policy = parse_sync_policy(text);
    REQUIRE_FALSE(policy.has_value());
    CHECK(policy.error().text.find("'" + std::string(text) + "'") != std::string::npos);
    CHECK(policy.error().text.find("interval:MS") != std::string::npos);
  }
}
