// doctor: `tandemqctl doctor`: collects what src/doctor judges: from the broker, if one answers,
// from the settings, and from this machine. It decides nothing. Called by main, its thread, which
// waits; returns the exit status: 1 if there is an error.
#pragma once

#include "base/time.hpp"
#include "ctl/words.hpp"

#include <string>

namespace tandemq {

int run_doctor(const std::string& socket, const Request& request, Instant now);

}  // namespace tandemq
