// Relief for the memory of the process: the publishers that fill it are not read from until there
// is room. What they were acknowledged stays; what they still send waits in their own machines.
#pragma once

#include "broker/turn.hpp"

#include <cstdint>

namespace tandemq {

// About every half a second. True if the pressure has changed.
bool relieve(Turn& turn, std::uint64_t resident_bytes, std::uint64_t max_bytes);

}  // namespace tandemq
