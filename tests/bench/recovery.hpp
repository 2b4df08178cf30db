// The recovery scenario: how long a node needs from its start until it could serve, and how much
// memory, with as many sessions, subscriptions and queued messages as --connections says. It makes
// the store itself, without a broker: half of the rows are in the tables, the rest in the log.
#pragma once

#include "base/result.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/settings.hpp"

namespace tandemq {

Result<RecoveryFigures> run_recovery(const Settings& settings);

}  // namespace tandemq
