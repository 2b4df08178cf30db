// SyncPolicy: the value of store.sync, which says when a commit is on the disk and what is lost
// with the power.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string_view>

namespace tandemq {

struct SyncPolicy {
  enum class Mode : std::uint8_t {
    commit,    // Before anything is acknowledged.
    interval,  // Every interval_ms: a loss of power takes what was acknowledged since.
    never,     // When the operating system likes: a loss of power may take some 30 s.
  };
  Mode mode = Mode::commit;
  std::uint32_t interval_ms = 0;
};

// "commit", "interval:MS" with 1 to 60000, or "never".
Result<SyncPolicy> parse_sync_policy(std::string_view text);

}  // namespace tandemq
