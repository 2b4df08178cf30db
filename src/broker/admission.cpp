#include "broker/admission.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <arpa/inet.h>

namespace tandemq {
namespace {

constexpr std::int64_t kKeptMs = 1'000;  // In which a budget is full again.
constexpr std::size_t kNetworkBytes = 8;
constexpr AddressKey kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};  // Of IPv4 in IPv6.

std::string_view host_of(std::string_view address) {
  if (!address.starts_with('[')) return address.substr(0, address.rfind(':'));
  const std::string_view host = address.substr(1, address.find(']') - 1);
  return host.substr(0, host.find('%'));
}

}  // namespace

std::optional<AddressKey> address_key(std::string_view address) {
  const std::string host(host_of(address));
  AddressKey key = kMapped;
  if (::inet_pton(AF_INET, host.c_str(), key.data() + 12) == 1) return key;
  if (::inet_pton(AF_INET6, host.c_str(), key.data()) != 1) return std::nullopt;
  if (std::memcmp(key.data(), kMapped.data(), 12) != 0)
    std::fill(key.begin() + kNetworkBytes, key.end(), std::uint8_t{0});
  return key;
}

void Admission::set_limits(const ListenerLimits& limits) {
  counts_addresses_ = counts_users_ = false;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const LimitsConfig& one = limits.of(static_cast<std::uint16_t>(i));
    counts_addresses_ = counts_addresses_ || one.connections_per_address > 0;
    counts_users_ = counts_users_ || one.connections_per_user > 0;
  }
  rate_ = limits.of(0).connect_rate_per_address;
  counts_addresses_ = counts_addresses_ || rate_ > 0;
  addresses_.clear();
  idle_.clear();
  users_.clear();
}

Admission::Opened Admission::open(std::string_view address, const LimitsConfig& limits,
                                  Instant now) {
  if (!counts_addresses_) return {Admittance::uncounted};
  forget(now);
  const auto key = address_key(address);
  if (!key) return {Admittance::uncounted};
  Address& entry = addresses_.try_emplace(*key, rate_).first->second;
  entry.budget.fill(now);
  const std::uint32_t most = limits.connections_per_address;
  const bool too_often = !entry.budget.has_any();
  const bool too_many = most > 0 && entry.connections >= most;
  if (!too_often && !too_many) {
    entry.budget.take(1);
    ++entry.connections;
    return {Admittance::welcome};
  }
  const bool turned_away = entry.told >= kToldMax;
  if (!turned_away) ++entry.told;
  return {too_often ? Admittance::too_often : Admittance::too_many, turned_away};
}

void Admission::close(std::string_view address, Admittance was, Instant now) {
  if (was == Admittance::uncounted || was == Admittance::turned_away || !counts_addresses_) return;
  const auto key = address_key(address);
  const auto found = addresses_.find(*key);
  ENSURE(found != addresses_.end(), "an address is kept as long as it has connections");
  Address& entry = found->second;
  --(was == Admittance::welcome ? entry.connections : entry.told);
  if (entry.is_idle() && !std::exchange(entry.queued, true)) idle_.emplace_back(*key, now);
}

Admittance Admission::count(std::string_view address, Admittance was) {
  const auto key = address_key(address);
  if (!counts_addresses_ || !key || was == Admittance::turned_away) return was;
  if (was == Admittance::uncounted) was = Admittance::welcome;
  Address& entry = addresses_.try_emplace(*key, rate_).first->second;
  ++(was == Admittance::welcome ? entry.connections : entry.told);
  return was;
}

void Admission::forget(Instant now) {
  while (!idle_.empty() &&
         (idle_.size() > kIdleMax || ms_between(idle_.front().second, now) >= kKeptMs)) {
    const bool too_many = idle_.size() > kIdleMax;
    const AddressKey key = idle_.front().first;
    idle_.pop_front();
    const auto found = addresses_.find(key);
    Address& entry = found->second;
    entry.queued = false;
    if (!entry.is_idle()) continue;
    entry.budget.fill(now);
    if (too_many || entry.budget.is_full()) {
      addresses_.erase(found);
    } else {
      entry.queued = true;
      idle_.emplace_back(key, now);
    }
  }
}

std::uint32_t Admission::of_user(const std::string& user) const {
  const auto found = users_.find(user);
  return found == users_.end() ? 0 : found->second;
}

void Admission::enter(const std::string& user) {
  if (counts_users_ && !user.empty()) ++users_[user];
}

void Admission::leave(const std::string& user) {
  if (!counts_users_ || user.empty()) return;
  const auto found = users_.find(user);
  ENSURE(found != users_.end(), "who leaves has entered");
  if (--found->second == 0) users_.erase(found);
}

}  // namespace tandemq
