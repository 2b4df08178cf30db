#include "net/entropy.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/random.h>

namespace tandemq {

std::array<std::uint8_t, 16> Entropy::take() {
  std::array<std::uint8_t, 16> taken{};
  if (used_ + taken.size() > bytes_.size()) {
    for (std::size_t filled = 0; filled < bytes_.size();) {
      const ssize_t size = ::getrandom(bytes_.data() + filled, bytes_.size() - filled, 0);
      ENSURE(size > 0 || errno == EINTR, "the kernel has random bytes");
      if (size > 0) filled += static_cast<std::size_t>(size);
    }
    used_ = 0;
  }
  const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(used_);
  std::copy_n(from, taken.size(), taken.begin());
  std::fill_n(from, taken.size(), std::uint8_t{0});  // What was given is not kept.
  used_ += taken.size();
  return taken;
}

}  // namespace tandemq
