// ListenerLimits: the limits of each listener, those of the node with its own in their place. Who
// keeps the number of a connection's listener finds them without a search. Plain values.
#pragma once

#include "config/config.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tandemq {

class ListenerLimits {
 public:
  // No listener has limits of its own.
  ListenerLimits(const LimitsConfig& limits) : limits_{limits} {}
  explicit ListenerLimits(const Config& config);

  // By ListenerConfig::number; 0 and what is not known: those of the node.
  [[nodiscard]] const LimitsConfig& of(std::uint16_t listener) const {
    return limits_[listener < limits_.size() ? listener : 0];
  }
  [[nodiscard]] std::size_t size() const { return limits_.size(); }  // With that of the node.

 private:
  std::vector<LimitsConfig> limits_;
};

}  // namespace tandemq
