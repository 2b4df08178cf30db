// LoginBrake: slows down those who guess passwords. It counts failed logins by network address, for
// IPv6 by its first 64 bits, which is what one customer has. After some failures an address gets
// one attempt a pause, and the pause doubles with each further failure; attempts in between are to
// be refused unheard and count for nothing. A login that succeeds forgives nothing, or whoever has
// one good password could guess others. An address that fails no more is forgotten, and so is the
// one that has failed longest ago when the table is full.
// Pure: the time comes in. Owned by the broker's World; core thread.
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>

namespace tandemq {

// Of "192.0.2.7:50123" or "[2001:db8::1]:50123", as Origin has it, what the brake counts by:
// "192.0.2.7" or "2001:db8:0:0::/64"; of "unix:uid=1000,pid=42" the user, whatever the process. Of
// anything else, the text.
std::string network_of(std::string_view address);

class LoginBrake {
 public:
  static constexpr std::size_t kNetworksMax = 10'000;  // About 150 bytes each.
  static constexpr std::int64_t kPauseMinMs = 1'000;   // The first pause.
  static constexpr std::int64_t kForgetS = 3'600;      // Since the last failure.

  struct Rules {
    std::uint32_t failures_max = 5;  // That cost nothing; 0: the brake is off.
    std::uint32_t pause_max_s = 60;
  };

  // Whether an attempt from this network may be heard now.
  [[nodiscard]] bool admit(std::string_view network, const Rules& rules, Instant now);
  // An attempt was wrong. How long the network has to wait now, milliseconds; 0: not at all.
  std::int64_t fail(std::string_view network, const Rules& rules, Instant now);

  [[nodiscard]] std::size_t count() const { return networks_.size(); }

 private:
  struct Entry {
    std::uint32_t failures = 0;
    Instant failed_at;
    Instant paused_until;
    std::list<std::string>::iterator place;
  };
  static std::int64_t pause_ms(const Entry& entry, const Rules& rules);
  void forget_before(Instant at);

  std::map<std::string, Entry, std::less<>> networks_;
  std::list<std::string> by_failure_;  // Who has failed longest ago first.
};

}  // namespace tandemq
