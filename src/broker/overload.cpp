#include "broker/overload.hpp"

#include <algorithm>

namespace tandemq {
namespace {

// Percent of memory.max_bytes.
constexpr std::uint64_t kMeasureFrom = 70;
constexpr std::uint64_t kHoldFrom = 80;
constexpr std::uint64_t kHoldUntil = 75;
constexpr std::uint64_t kRefuseFrom = 90;
constexpr std::uint64_t kRefuseUntil = 85;
// A part of memory.max_bytes that matters to nobody in half a second: an hour of it is less than
// what lies between holding and refusing.
constexpr std::uint64_t kNegligible = 100'000;

}  // namespace

std::string_view name(Pressure pressure) {
  constexpr std::string_view kNames[] = {"none", "publishers", "connections"};
  return kNames[static_cast<std::size_t>(pressure)];
}

bool Overload::look(std::uint64_t resident_bytes, std::uint64_t max_bytes) {
  resident_bytes_ = resident_bytes;
  max_bytes_ = max_bytes;
  const auto above = [&](std::uint64_t percent) {
    return max_bytes > 0 && resident_bytes / percent >= max_bytes / 100;
  };
  const Pressure before = pressure_;
  const bool refuses = above(refuses_connections() ? kRefuseUntil : kRefuseFrom);
  const bool holds = above(holds_publishers() ? kHoldUntil : kHoldFrom);
  pressure_ = refuses ? Pressure::connections : holds ? Pressure::publishers : Pressure::none;
  measures_ = above(kMeasureFrom);
  return pressure_ != before;
}

std::vector<ConnectionId> heaviest(std::vector<PublisherLoad> publishers, std::uint64_t max_bytes) {
  std::uint64_t left = 0;
  for (const PublisherLoad& one : publishers) left += one.bytes;
  if (left < max_bytes / kNegligible) return {};
  left = (left + 1) / 2;
  std::sort(publishers.begin(), publishers.end(), [](const auto& a, const auto& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.id < b.id;
  });
  std::vector<ConnectionId> chosen;
  for (const PublisherLoad& one : publishers) {
    if (left == 0 || one.bytes == 0) break;
    chosen.push_back(one.id);
    left -= std::min(left, one.bytes);
  }
  return chosen;
}

}  // namespace tandemq
