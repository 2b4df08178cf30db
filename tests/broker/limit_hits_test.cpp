#include "broker/limit_hits.hpp"

#include <set>

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("each limit has its name and the key of its option") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kLimits; ++i) {
    const auto limit = static_cast<Limit>(i);
    CHECK(names.insert(name(limit)).second);
    const bool of_memory = limit == Limit::memory_publishers || limit == Limit::memory_connections;
    CHECK(key(limit) == (of_memory ? "memory.max_bytes" : "limits." + std::string(name(limit))));
  }
}

TEST_CASE("hits are counted by their limit, with whoever was the last") {
  LimitHits hits;
  hits.add(Limit::byte_rate, "a");
  hits.add(Limit::byte_rate, "b");
  hits.add(Limit::message_rate, "c");
  CHECK(hits.count(Limit::byte_rate) == 2);
  CHECK(hits.last(Limit::byte_rate) == "b");
  CHECK(hits.count(Limit::message_rate) == 1);
  CHECK(hits.counts()[static_cast<std::size_t>(Limit::max_packet_size)] == 0);
  CHECK(hits.last(Limit::max_packet_size).empty());
}

}  // namespace tandemq
