#include "admin/moment.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("a time is a date in UTC, or milliseconds") {
  CHECK(parse_moment("1970-01-01T00:00:00Z") == Instant{0});
  CHECK(parse_moment("2026-11-21T10:00:00Z") == Instant{1'795'255'200'000});
  CHECK(parse_moment("2024-02-29T23:59:59.5Z") == Instant{1'709'251'199'500});
  CHECK(parse_moment("2024-02-29T23:59:59.1239Z") == Instant{1'709'251'199'123});
  CHECK(parse_moment("1795255200001") == Instant{1'795'255'200'001});
}

TEST_CASE("what is no time is refused with an example") {
  for (const char* text :
       {"", "now", "2026-11-21", "2026-11-21T10:00:00", "2026-11-21 10:00:00Z",
        "2026-02-29T10:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z",
        "2026-11-21T10:00:00.Z", "2026-11-21T10:00:00+01:00", "-5", "99999999999999999999"}) {
    INFO(text);
    const auto moment = parse_moment(text);
    REQUIRE_FALSE(moment);
    CHECK(moment.error().text.find("write it as 2026-11-21T10:00:00Z") != std::string::npos);
  }
}

TEST_CASE("a point in time is written with milliseconds, in UTC") {
  CHECK(rfc3339(Instant{0}) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339(Instant{1'795'255'201'007}) == "2026-11-21T10:00:01.007Z");
  CHECK(parse_moment(rfc3339(Instant{1'700'000'000'123}))->ms == 1'700'000'000'123);
}
