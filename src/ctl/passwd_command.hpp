// passwd_command: 'tandemqctl passwd set|delete|list', which edit a password file. The file changes
// whole or not at all. Called by main, its thread.
#pragma once

#include "base/time.hpp"
#include "ctl/words.hpp"

namespace tandemq {

// Returns the exit status. A password is read from the terminal, twice and unseen, or else it is
// the first line of the standard input; it never is an argument, which others could read.
int run_passwd(const Request& request, Instant now);

}  // namespace tandemq
