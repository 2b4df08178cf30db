#include "config/sync_policy.hpp"

#include <charconv>
#include <string>
#include <system_error>

namespace tandemq {
namespace {

constexpr std::string_view kInterval = "interval:";
constexpr std::uint32_t kIntervalMaxMs = 60'000;

}  // namespace

Result<SyncPolicy> parse_sync_policy(std::string_view text) {
  if (text == "commit") return SyncPolicy{SyncPolicy::Mode::commit, 0};
  if (text == "never") return SyncPolicy{SyncPolicy::Mode::never, 0};
  std::uint32_t ms = 0;
  if (text.starts_with(kInterval)) {
    const std::string_view number = text.substr(kInterval.size());
    const char* const end = number.data() + number.size();
    const auto parsed = std::from_chars(number.data(), end, ms);
    if (parsed.ec != std::errc() || parsed.ptr != end) ms = 0;
  }
  if (ms == 0 || ms > kIntervalMaxMs)
    return failure("store.sync = '" + std::string(text) +
                   "': expected commit, interval:MS with 1 to 60000, or never");
  return SyncPolicy{SyncPolicy::Mode::interval, ms};
}

}  // namespace tandemq
