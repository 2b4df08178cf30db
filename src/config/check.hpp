// check: the rules that a single row of the option table cannot say, because they are about several
// options or about the form of a text. Pure; whether files exist is asked in config/files.hpp.
#pragma once

#include "config/config.hpp"
#include "config/finding.hpp"

#include <vector>

namespace tandemq {

std::vector<Finding> check_config(const Config& config);

}  // namespace tandemq
