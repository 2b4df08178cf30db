// The idle scenario: silent connections from many loopback addresses, and what each of them adds
// to the broker's memory. Owner: main; one thread.
#pragma once

#include "base/result.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/settings.hpp"

namespace tandemq {

// Opens fewer connections than asked for when this process or the broker may not hold so many.
Result<IdleFigures> run_idle(const Settings& settings);

}  // namespace tandemq
