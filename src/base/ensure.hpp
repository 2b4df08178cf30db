// ENSURE: an invariant that only our own mistake can break. Always on, says where and why, aborts:
// a crash is a failover, a wrong answer is a loss.
#pragma once

namespace tandemq {

[[noreturn]] void ensure_failed(const char* condition, const char* why, const char* file, int line);

}  // namespace tandemq

#define ENSURE(condition, why)                         \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::tandemq::ensure_failed(#condition, why, __FILE__, __LINE__))
