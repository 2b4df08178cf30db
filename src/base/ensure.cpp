#include "base/ensure.hpp"

#include <cstdio>
#include <cstdlib>

namespace tandemq {

void ensure_failed(const char* condition, const char* why, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s (%s)\n", file, line, why, condition);
  std::abort();
}

}  // namespace tandemq
