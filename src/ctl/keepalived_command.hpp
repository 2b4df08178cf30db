// keepalived_command: `tandemqctl keepalived-config`. Called by main, its thread, which waits;
// returns the exit status.
#pragma once

#include "ctl/words.hpp"

#include <string>

namespace tandemq {

int run_keepalived_config(const std::string& socket, const Request& request);

}  // namespace tandemq
