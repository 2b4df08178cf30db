#include "failover/role_event.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::failover;

namespace {

RoleEvent event_at(std::int64_t ms) {
  return {Instant{ms}, 7, "insync", "primary gone", "claiming", "the primary is silent"};
}

std::string text_of(const std::vector<RoleEvent>& events) {
  std::string text(kRoleEventsHead);
  for (const RoleEvent& event : events) text += line_of(event);
  return text;
}

}  // namespace

TEST_CASE("what is written as a line is read as it was") {
  const std::vector<RoleEvent> events = {event_at(1), {}, event_at(-3)};
  const RoleEventsRead read = read_role_events(text_of(events));
  CHECK(read.events == events);
  CHECK(read.damaged == 0);
}

TEST_CASE("a field holds neither the end of a field nor that of a line, and is cut") {
  RoleEvent event = event_at(1);
  event.why = "a\tb\nc" + std::string(2 * kRoleTextBytesMax, 'x');
  const RoleEventsRead read = read_role_events(text_of({event, event_at(2)}));
  REQUIRE(read.events.size() == 2);
  CHECK(read.events[0].why.starts_with("a b cxxx"));
  CHECK(read.events[0].why.size() == kRoleTextBytesMax);
}

TEST_CASE("a damaged line costs itself and no other") {
  const std::string text = text_of({event_at(1), event_at(2), event_at(3)});
  const std::size_t first = kRoleEventsHead.size();
  const std::size_t size = line_of(event_at(1)).size();
  for (std::size_t i = 0; i + 1 < size; ++i) {
    std::string damaged = text;
    damaged[first + size + i] ^= 1;
    const RoleEventsRead read = read_role_events(damaged);
    CHECK(read.damaged >= 1);
    REQUIRE(read.events.size() == 2);
    CHECK(read.events.back() == event_at(3));
  }
}

TEST_CASE("a line that is cut short is damaged, and a file without our head is") {
  const std::string text = text_of({event_at(1), event_at(2)});
  const RoleEventsRead cut = read_role_events(text.substr(0, text.size() - 1));
  CHECK(cut.damaged == 1);
  CHECK(cut.events.size() == 1);
  CHECK(read_role_events("tandemq role events 2\n").damaged == 1);
  CHECK(read_role_events("").damaged == 0);
}

TEST_CASE("a line with a sound checksum and too few or too many fields is damaged") {
  RoleEvent event = event_at(1);
  std::string line = line_of(event);
  line.erase(line.find("\tclaiming"), std::string("\tclaiming").size());
  CHECK(read_role_events(std::string(kRoleEventsHead) + line).damaged == 1);
}
