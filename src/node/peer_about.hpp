// PeerAbout: what the other node says of itself, for the operator, and when this node says the same
// of itself. Clocks that are apart, and a virtual address that both have, are told in the log, once
// until they are in order again. It decides nothing.
// Owned by node; core thread.
#pragma once

#include "base/time.hpp"
#include "replication/protocol.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace tandemq {

// Milliseconds: what expires, expires by the clock of whoever leads.
inline constexpr std::int64_t kClocksApart_ms = 1'000;

class PeerAbout {
 public:
  struct Ports {
    std::function<std::optional<bool>()> address_here;  // Nothing: not known.
    std::function<void(const std::string&)> complain;
  };

  explicit PeerAbout(Ports ports) : ports_(std::move(ports)) {}

  void connected();
  // What is to be said now, if it is time.
  std::optional<About> due(Instant now);
  void take(const About& about, const std::string& node, Instant now);

  // The last one, of whatever link; nothing: it has said nothing yet.
  [[nodiscard]] const std::optional<About>& last() const { return last_; }
  // So much is its clock ahead of ours.
  [[nodiscard]] std::int64_t clock_offset_ms() const { return clock_offset_ms_; }

 private:
  void look_at_clock(const std::string& node);
  void look_at_address(const std::string& node);

  const Ports ports_;
  Instant due_at_;
  std::optional<About> last_;
  std::int64_t clock_offset_ms_ = 0;
  bool clocks_apart_ = false;
  bool address_on_both_ = false;
};

}  // namespace tandemq
