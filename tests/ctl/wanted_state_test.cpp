#include "ctl/wanted_state.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

Json status(const char* role, const char* failover, bool in_sync) {
  return {{"node", "a"},
          {"role", role},
          {"failover", {{"role", failover}}},
          {"peer", {{"in_sync", in_sync}}}};
}

std::int64_t ms_of(std::string_view text) {
  const auto duration = parse_duration(text);
  return duration ? duration->count() : -1;
}

}  // namespace

TEST_CASE("a state is met by the role, by its failover, and only in sync if that is asked for") {
  const Json primary = status("primary", "paired", true);
  CHECK(meets(primary, {}));
  CHECK(meets(primary, {"primary", false}));
  CHECK(meets(primary, {"paired", true}));
  CHECK_FALSE(meets(primary, {"standby", false}));
  CHECK_FALSE(meets(primary, {"solo", false}));
  CHECK_FALSE(meets(status("primary", "solo", false), {"primary", true}));
  CHECK(meets(status("standby", "insync", true), {"standby", true}));
}

TEST_CASE("a broker without a peer is a primary and solo, and never in sync") {
  const Json alone{{"node", "a"}, {"role", "primary"}};
  CHECK(meets(alone, {"solo", false}));
  CHECK(meets(alone, {"primary", false}));
  CHECK_FALSE(meets(alone, {"", true}));
  CHECK(state_of(alone) ==
        Json{{"node", "a"}, {"role", "primary"}, {"failover", "solo"}, {"in_sync", false}});
}

TEST_CASE("what is waited for has a name") {
  CHECK(name_of(WantedState{"primary", false}) == "primary");
  CHECK(name_of(WantedState{"", true}) == "any role in sync");
}

TEST_CASE("a time to wait has a unit, or is in seconds, and ends within a day") {
  CHECK(ms_of("500ms") == 500);
  CHECK(ms_of("30s") == 30'000);
  CHECK(ms_of("5m") == 300'000);
  CHECK(ms_of("24h") == 86'400'000);
  CHECK(ms_of("7") == 7'000);
  CHECK(ms_of("0") == 0);
  for (const char* wrong : {"", "s", "-1s", "1.5s", "1 s", "25h", "9999999999999999999s", "1d"})
    CHECK(ms_of(wrong) == -1);
}
