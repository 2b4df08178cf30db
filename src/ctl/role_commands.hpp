// role_commands: the commands whose exit status is the answer: wait, health, verify, fence.
// Called by main, its thread, which waits; each returns the exit status.
#pragma once

#include "base/time.hpp"
#include "ctl/words.hpp"

#include <string>

namespace tandemq {

int run_wait(const std::string& socket, const Request& request, Instant now);
int run_health(const std::string& socket, const Request& request, Instant now);
int run_verify(const std::string& socket, const Request& request, Instant now);
int run_fence(const std::string& socket, const Request& request, Instant now);

}  // namespace tandemq
