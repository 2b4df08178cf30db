// LimitLog: a line in the log when a limit is reached, with how often and by whom last; for each
// limit once in ten seconds at the most.
// Owned by node; core thread.
#pragma once

#include "base/time.hpp"
#include "broker/limit_hits.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string>

namespace tandemq {

class LimitLog {
 public:
  explicit LimitLog(std::function<void(const std::string&)> warn) : warn_(std::move(warn)) {}

  void look(const LimitHits& hits, Instant now);

 private:
  std::function<void(const std::string&)> warn_;
  std::array<std::uint64_t, kLimits> told_{};
  std::array<Instant, kLimits> told_at_{};
};

}  // namespace tandemq
