#include "tests/sim/luck.hpp"

namespace tandemq::sim {

std::uint32_t Luck::below(std::uint64_t n) {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
  mixed ^= mixed >> 31U;
  return static_cast<std::uint32_t>((mixed >> 32U) % n);
}

}  // namespace tandemq::sim
