// RoleEvent: that a node has changed its role, when and why, as `tandemqctl events` shows it, and
// the lines of the file that keeps them. Names and not numbers, so that a later version, with other
// roles, still reads them.
//
//   tandemq role events 1
//   CHECKSUM TAB AT TAB TERM TAB FROM TAB EVENT TAB TO TAB WHY
//
// The checksum, 16 hexadecimal digits, is of what stands behind its TAB. AT is in milliseconds
// since 1970. Pure values.
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandemq::failover {

struct RoleEvent {
  Instant at;
  std::uint64_t term = 0;  // The counter of the highest one that the node knew.
  std::string from;        // Empty: the process has started.
  std::string event;
  std::string to;
  std::string why;  // A sentence.
  bool operator==(const RoleEvent&) const = default;
};

// The event with which a life of a node ends, and another one in the same process begins.
inline constexpr std::string_view kAnew = "starts anew";
// The operator had failover.fence_command run: no change of the role.
inline constexpr std::string_view kFenced = "fence";
inline constexpr std::string_view kRoleEventsHead = "tandemq role events 1\n";
inline constexpr std::size_t kRoleTextBytesMax = 500;  // A longer one is cut.

std::string line_of(const RoleEvent& event);  // With its end.

struct RoleEventsRead {
  std::vector<RoleEvent> events;  // Those that are sound, in their order.
  std::size_t damaged = 0;        // Lines that are not.
};
// A file without our head is one damaged line.
RoleEventsRead read_role_events(std::string_view text);

}  // namespace tandemq::failover
