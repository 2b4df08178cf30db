#include "access/login_brake.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <arpa/inet.h>

namespace tandemq {
namespace {

constexpr std::size_t kNetworkSize = 8;  // Bytes of an IPv6 address that name a network.

std::string text_of_six(std::array<std::uint8_t, 16> bytes) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    ::inet_ntop(AF_INET, bytes.data() + kMapped.size(), text.data(), text.size());
    return text.data();
  }
  std::fill(bytes.begin() + kNetworkSize, bytes.end(), std::uint8_t{0});
  ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return std::string(text.data()) + "/64";
}

}  // namespace

std::string network_of(std::string_view address) {
  if (address.starts_with('[')) {
    const std::size_t end = std::min(address.find_first_of("]%"), address.size());
    const std::string host(address.substr(1, end - 1));
    std::array<std::uint8_t, 16> bytes{};
    if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return text_of_six(bytes);
    return std::string(address);
  }
  if (address.starts_with("unix:")) return std::string(address.substr(0, address.find(',')));
  const std::string host(address.substr(0, address.rfind(':')));
  std::array<std::uint8_t, 4> four{};
  if (::inet_pton(AF_INET, host.c_str(), four.data()) == 1) return host;
  return std::string(address);
}

bool LoginBrake::admit(std::string_view network, const Rules& rules, Instant now) {
  const auto found = networks_.find(network);
  if (rules.failures_max == 0 || found == networks_.end()) return true;
  Entry& entry = found->second;
  if (entry.failures < rules.failures_max) return true;
  if (entry.failed_at.plus_s(kForgetS) <= now) return true;
  if (now < entry.paused_until) return false;
  // The attempt is paid for at once: others that come before its answer have to wait.
  entry.paused_until = now.plus_ms(pause_ms(entry, rules));
  return true;
}

std::int64_t LoginBrake::fail(std::string_view network, const Rules& rules, Instant now) {
  if (rules.failures_max == 0) return 0;
  forget_before(now);
  auto found = networks_.find(network);
  if (found == networks_.end()) {
    if (networks_.size() >= kNetworksMax) {
      networks_.erase(by_failure_.front());
      by_failure_.pop_front();
    }
    found = networks_.try_emplace(std::string(network)).first;
    found->second.place = by_failure_.insert(by_failure_.end(), found->first);
  } else {
    by_failure_.splice(by_failure_.end(), by_failure_, found->second.place);
  }
  Entry& entry = found->second;
  ++entry.failures;
  entry.failed_at = now;
  const std::int64_t pause = pause_ms(entry, rules);
  if (pause > 0) entry.paused_until = now.plus_ms(pause);
  return pause;
}

std::int64_t LoginBrake::pause_ms(const Entry& entry, const Rules& rules) {
  constexpr std::uint32_t kDoublingsMax = 30;
  if (entry.failures < rules.failures_max) return 0;
  const std::uint32_t doublings = std::min(entry.failures - rules.failures_max, kDoublingsMax);
  return std::min(kPauseMinMs << doublings, std::int64_t{rules.pause_max_s} * 1'000);
}

void LoginBrake::forget_before(Instant at) {
  while (!by_failure_.empty()) {
    const auto oldest = networks_.find(by_failure_.front());
    if (at < oldest->second.failed_at.plus_s(kForgetS)) return;
    networks_.erase(oldest);
    by_failure_.pop_front();
  }
}

}  // namespace tandemq
