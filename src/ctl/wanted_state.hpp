// WantedState: what `tandemqctl wait` waits for, and whether a status says that it has come. Pure.
#pragma once

#include "admin/json.hpp"
#include "base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace tandemq {

struct WantedState {
  std::string role;  // As status has it, or its failover; empty: any.
  bool in_sync = false;
};

bool meets(const Json& status, const WantedState& wanted);
// "primary in sync"
std::string name_of(const WantedState& wanted);
// What `wait` answers with: what the status says of it.
Json state_of(const Json& status);

// "500ms", "30s", "5m"; a bare number is in seconds. At most a day.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace tandemq
