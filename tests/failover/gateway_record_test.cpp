#include "failover/gateway_record.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("answers without a gap make one time in which there was a network") {
  GatewayRecord record(100);
  CHECK(record.since().is_never());
  record.answered(Instant{1'000});
  CHECK(record.since() == Instant{1'000});
  record.answered(Instant{1'100});
  record.answered(Instant{1'200});
  CHECK(record.answered_at() == Instant{1'200});
  CHECK(record.since() == Instant{1'000});
  record.answered(Instant{1'301});
  CHECK(record.since() == Instant{1'301});
  CHECK(record.answered_at() == Instant{1'301});
}

TEST_CASE("several gateways are one, and a late answer fills no gap") {
  GatewayRecord record(100);
  record.answered(Instant{1'000});
  record.answered(Instant{1'000});
  record.answered(Instant{1'150});
  record.answered(Instant{1'075});
  CHECK(record.answered_at() == Instant{1'150});
  CHECK(record.since() == Instant{1'150});
}
