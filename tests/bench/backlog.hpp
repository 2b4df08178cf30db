// The backlog scenario: --messages are published to --connections lasting sessions whose clients
// are away, and then fetched by them, one after the other; the broker's memory meanwhile.
#pragma once

#include "base/result.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/settings.hpp"

namespace tandemq {

Result<BacklogFigures> run_backlog(const Settings& settings);

}  // namespace tandemq
