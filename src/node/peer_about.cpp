#include "node/peer_about.hpp"

#include "base/version.hpp"

#include <cstdlib>
#include <utility>

namespace tandemq {
namespace {

constexpr std::int64_t kAboutEvery_ms = 10'000;
constexpr std::int64_t kClocksTogether_ms = kClocksApart_ms / 2;

}  // namespace

void PeerAbout::connected() {
  due_at_ = Instant{};
}

std::optional<About> PeerAbout::due(Instant now) {
  if (now < due_at_) return std::nullopt;
  due_at_ = now.plus_ms(kAboutEvery_ms);
  About about;
  about.at_ms = static_cast<std::uint64_t>(now.ms);
  about.version = kVersion;
  if (const auto here = ports_.address_here())
    about.address = *here ? About::Address::here : About::Address::absent;
  return about;
}

void PeerAbout::take(const About& about, const std::string& node, Instant now) {
  last_ = about;
  clock_offset_ms_ = static_cast<std::int64_t>(about.at_ms - static_cast<std::uint64_t>(now.ms));
  look_at_clock(node);
  look_at_address(node);
}

void PeerAbout::look_at_clock(const std::string& node) {
  const std::int64_t apart_ms = std::abs(clock_offset_ms_);
  if (apart_ms < kClocksTogether_ms) clocks_apart_ = false;
  if (apart_ms < kClocksApart_ms || std::exchange(clocks_apart_, true)) return;
  ports_.complain("the clock of " + node + " is " + std::to_string(apart_ms) + " ms " +
                  (clock_offset_ms_ > 0 ? "ahead of" : "behind") +
                  " the clock here, so messages and sessions would expire at another time after a "
                  "failover: have NTP (chrony) set both, then restart tandemqd where it was wrong");
}

void PeerAbout::look_at_address(const std::string& node) {
  const bool both = last_->address == About::Address::here && ports_.address_here() == true;
  if (std::exchange(address_on_both_, both) || !both) return;
  ports_.complain(
      "vip.address is on this machine and on that of " + node +
      ": run 'tandemqctl doctor' on both, and 'systemctl restart keepalived' on the one "
      "that does not lead");
}

}  // namespace tandemq
