#include "ctl/wanted_state.hpp"

#include <charconv>
#include <cstdint>

namespace tandemq {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr Unit kUnits[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"", 1'000}};
constexpr std::int64_t kDurationMax_ms = 24LL * 3'600'000;

// A node without a peer has no failover: it is alone.
std::string failover_of(const Json& status) {
  return part_of(status, "failover").value("role", std::string("solo"));
}

bool is_in_sync(const Json& status) {
  return part_of(status, "peer").value("in_sync", false);
}

}  // namespace

bool meets(const Json& status, const WantedState& wanted) {
  if (wanted.in_sync && !is_in_sync(status)) return false;
  return wanted.role.empty() || wanted.role == status.value("role", std::string()) ||
         wanted.role == failover_of(status);
}

std::string name_of(const WantedState& wanted) {
  const std::string role = wanted.role.empty() ? "any role" : wanted.role;
  return wanted.in_sync ? role + " in sync" : role;
}

Json state_of(const Json& status) {
  return {{"node", status.value("node", std::string())},
          {"role", status.value("role", std::string())},
          {"failover", failover_of(status)},
          {"in_sync", is_in_sync(status)}};
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  for (const Unit& one : kUnits) {
    if (error != std::errc() || one.name != unit || number < 0) continue;
    if (number <= kDurationMax_ms / one.ms) return std::chrono::milliseconds(number * one.ms);
  }
  return failure("'" + std::string(text) +
                 "' is no time to wait: expected such as 500ms, 30s or 5m, a day at the most.");
}

}  // namespace tandemq
