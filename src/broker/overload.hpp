// Overload: what has to be done about the memory of the process, in steps. Each begins at one part
// of memory.max_bytes and ends at a lower one, so that it does not flap. Pure: the bytes come in as
// values. Owned by the broker's World; core thread.
#pragma once

#include "base/ids.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace tandemq {

enum class Pressure : std::uint8_t {
  none,
  publishers,   // Those that publish most are not read from.
  connections,  // And nobody is let in any more.
};
std::string_view name(Pressure pressure);

class Overload {
 public:
  // True if the pressure has changed. `max_bytes` 0: there is no limit.
  bool look(std::uint64_t resident_bytes, std::uint64_t max_bytes);

  [[nodiscard]] Pressure pressure() const { return pressure_; }
  [[nodiscard]] bool holds_publishers() const { return pressure_ >= Pressure::publishers; }
  [[nodiscard]] bool refuses_connections() const { return pressure_ == Pressure::connections; }
  // It is near: who publishes how much has to be known.
  [[nodiscard]] bool measures() const { return measures_; }

  [[nodiscard]] std::uint64_t resident_bytes() const { return resident_bytes_; }
  [[nodiscard]] std::uint64_t max_bytes() const { return max_bytes_; }

 private:
  Pressure pressure_ = Pressure::none;
  bool measures_ = false;
  std::uint64_t resident_bytes_ = 0;
  std::uint64_t max_bytes_ = 0;
};

struct PublisherLoad {
  ConnectionId id{};
  std::uint64_t bytes = 0;  // Since the last look.
};

// Those that together have sent half of the bytes or more, and as few as possible. Nobody if all
// together are too little to matter to so much memory: not each who whispers has to be silent.
std::vector<ConnectionId> heaviest(std::vector<PublisherLoad> publishers, std::uint64_t max_bytes);

}  // namespace tandemq
