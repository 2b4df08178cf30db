#include "node/limit_log.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("a limit that is reached is told at once, and then every ten seconds at the most") {
  std::vector<std::string> lines;
  LimitLog log([&](const std::string& text) { lines.push_back(text); });
  LimitHits hits;
  log.look(hits, {100'000});
  CHECK(lines.empty());
  hits.add(Limit::subscriptions_max, "c1");
  hits.add(Limit::subscriptions_max, "c2");
  log.look(hits, {100'500});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] ==
        "limits.subscriptions_max was reached, requests were refused: 2 times, last 'c2'");
  hits.add(Limit::subscriptions_max, "c3");
  log.look(hits, {110'499});
  CHECK(lines.size() == 1);
  hits.add(Limit::memory_connections, "192.0.2.1:1");
  log.look(hits, {110'500});
  REQUIRE(lines.size() == 3);
  CHECK(lines[1] ==
        "limits.subscriptions_max was reached, requests were refused: 1 times more, last 'c3'");
  CHECK(lines[2] ==
        "memory.max_bytes was reached, connections were refused: 1 times, last '192.0.2.1:1'");
  log.look(hits, {200'000});
  CHECK(lines.size() == 3);
}

}  // namespace tandemq
