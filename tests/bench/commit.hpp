// The commit scenario: PUBACK of one message at a time that has to be on the disk, for a session
// that is away, beside the fdatasync of a file on the same disk (--dir), in turns.
#pragma once

#include "base/result.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/settings.hpp"

namespace tandemq {

Result<CommitFigures> run_commit(const Settings& settings);

}  // namespace tandemq
