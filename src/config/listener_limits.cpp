#include "config/listener_limits.hpp"

#include "base/ensure.hpp"
#include "config/options.hpp"

namespace tandemq {

ListenerLimits::ListenerLimits(const Config& config) : limits_{config.limits} {
  for (const ListenerConfig& listener : config.listeners) {
    Config own;
    own.limits = config.limits;
    for (const ListenerLimit& limit : listener.limits) {
      const auto taken = set_value(own, *find_option(limit.key), limit.value);
      ENSURE(taken.has_value(), "the value was looked at when the URL was read");
    }
    limits_.push_back(own.limits);
  }
}

}  // namespace tandemq
