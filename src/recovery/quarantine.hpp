// Quarantine: what could not be taken at the start, kept in a file for whoever wants to look: a
// line of JSON each, with where it stood, what is wrong, and its bytes in base64.
#pragma once

#include "base/result.hpp"
#include "recovery/recover.hpp"

#include <string>
#include <vector>

namespace tandemq {

// Writes `path`, which must not exist, and forces it to the disk.
Result<void> write_quarantine(const std::string& path, const std::vector<Damage>& damage);

}  // namespace tandemq
