// socket_group: which group may use the admin socket besides its owner.
#pragma once

#include "base/result.hpp"

#include <string>

namespace tandemq {

// Gives the socket to the group. The error says why it stays with the group of the process, and
// what to do. A default group that this machine does not have is no error.
Result<void> give_to_group(const std::string& socket_path, const std::string& group,
                           bool is_default);

}  // namespace tandemq
