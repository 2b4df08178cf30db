// Entropy: random bytes of the kernel, fetched many at a time.
// Owned by Reception; its thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tandemq {

class Entropy {
 public:
  std::array<std::uint8_t, 16> take();

 private:
  std::array<std::uint8_t, 1'024> bytes_{};
  std::size_t used_ = sizeof(bytes_);
};

}  // namespace tandemq
