// Input: a file of role events. What is read of it must be written and read again as it was.
#include "base/ensure.hpp"
#include "failover/role_event.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

using namespace tandemq;
using namespace tandemq::failover;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const std::string& whole : {text, std::string(kRoleEventsHead) + text}) {
    const RoleEventsRead read = read_role_events(whole);
    std::string again(kRoleEventsHead);
    for (const RoleEvent& event : read.events) again += line_of(event);
    ENSURE(read_role_events(again).events.size() == read.events.size(),
           "what was read can be written and read again");
  }
  RoleEvent event;
  event.why = text;
  ENSURE(read_role_events(std::string(kRoleEventsHead) + line_of(event)).damaged == 0,
         "any reason makes a sound line");
  return 0;
}
