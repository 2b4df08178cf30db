// drill_command: rehearses a failover on a pair that works: the leadership moves to the standby and
// back, while a Prober asks like a client. What it sees is judged by ctl/drill. Called by main, its
// thread, which waits; the result is the exit status.
#pragma once

#include "ctl/words.hpp"

#include <string>

namespace tandemq {

int run_drill(const std::string& socket, const Request& request);

}  // namespace tandemq
