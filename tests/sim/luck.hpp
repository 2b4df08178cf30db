// Luck: all the randomness of one run, from one seed. Cheap to make, because runs are many and
// short (splitmix64); the same on every machine.
// Owned by one Simulation.
#pragma once

#include <cstdint>

namespace tandemq::sim {

// Each seed takes ten times as long then. Only that flavour is compiled by clang.
#ifdef __clang__
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif

class Luck {
 public:
  explicit Luck(std::uint64_t seed) : state_(seed) {}

  std::uint32_t below(std::uint64_t n);  // n is above 0.
  bool once_in(std::uint32_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace tandemq::sim
