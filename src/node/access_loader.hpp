// access_loader: the files that say who may do what, read and made into an Access. At start, and
// again on reload. Any thread.
#pragma once

#include "access/access.hpp"
#include "base/result.hpp"
#include "config/config.hpp"

#include <memory>

namespace tandemq {

// The error names the file and what is wrong with it.
Result<std::shared_ptr<const Access>> load_access(const AuthConfig& config);

}  // namespace tandemq
