// status: what tandemqctl ends with, and how it complains.
#pragma once

#include "ctl/client.hpp"

#include <string>

namespace tandemq {

inline constexpr int kDone = 0;
inline constexpr int kRefused = 1;   // The broker says no, or something was not possible.
inline constexpr int kWrongUse = 2;  // The command line is wrong, or no broker answers.

// Says it on the standard error, and returns the status.
int complain(int status, const std::string& text);
int complain(const CommandFailure& failure);

}  // namespace tandemq
