// Admission: how many connections an address and a user have, and how often an address connects.
// An address is an IPv4 address or an IPv6 network of 64 bits, since one customer has all of
// that. Counts nothing while no limit asks for it. Addresses without a connection are forgotten
// when their budget is full again, in a second, and the oldest of them earlier if there are many.
// Works on the address of Origin, so that of a client behind a proxy if that names it.
// Owned by the broker's World; core thread.
#pragma once

#include "base/rate_budget.hpp"
#include "base/time.hpp"
#include "config/listener_limits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tandemq {

using AddressKey = std::array<std::uint8_t, 16>;

// Of "192.0.2.7:50123" or "[2001:db8::7]:50123"; nothing for what is no address of IP, such as a
// unix socket.
std::optional<AddressKey> address_key(std::string_view address);

// What becomes of a connection.
enum class Admittance : std::uint8_t {
  uncounted,  // No limit asks, or it has no address.
  welcome,
  too_many,  // It is told so when it sends its CONNECT.
  too_often,
  turned_away,  // Enough are being told: it is closed at once.
};

class Admission {
 public:
  // Connections of an address that wait to be told; more cost us nothing but a close.
  static constexpr std::uint32_t kToldMax = 8;
  static constexpr std::size_t kIdleMax = 65'536;  // Addresses without a connection.

  explicit Admission(const ListenerLimits& limits) { set_limits(limits); }
  // Forgets all; whoever has connections counts them again.
  void set_limits(const ListenerLimits& limits);
  [[nodiscard]] bool counts_addresses() const { return counts_addresses_; }
  [[nodiscard]] bool counts_users() const { return counts_users_; }

  struct Opened {
    Admittance welcome{};
    bool turned_away = false;  // With too_many and too_often.
  };
  // A connection comes, `limits` are those of its listener; and goes.
  Opened open(std::string_view address, const LimitsConfig& limits, Instant now);
  void close(std::string_view address, Admittance was, Instant now);
  // It was here before set_limits(); what becomes of it now.
  [[nodiscard]] Admittance count(std::string_view address, Admittance was);

  [[nodiscard]] std::uint32_t of_user(const std::string& user) const;
  void enter(const std::string& user);
  void leave(const std::string& user);

  [[nodiscard]] std::size_t address_count() const { return addresses_.size(); }

 private:
  struct Address {
    explicit Address(std::uint32_t rate) : budget(rate) {}
    [[nodiscard]] bool is_idle() const { return connections == 0 && told == 0; }

    std::uint32_t connections = 0;
    std::uint32_t told = 0;  // They wait to be.
    bool queued = false;     // In idle_.
    RateBudget budget;
  };
  void forget(Instant now);

  std::uint32_t rate_ = 0;  // limits.connect_rate_per_address
  bool counts_addresses_ = false;
  bool counts_users_ = false;
  std::map<AddressKey, Address> addresses_;  // Whom a stranger's choice of address does not slow.
  std::deque<std::pair<AddressKey, Instant>> idle_;  // Without a connection since then.
  std::map<std::string, std::uint32_t> users_;
};

}  // namespace tandemq
