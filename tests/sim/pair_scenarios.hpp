// The scripts of the failure matrix: every row of docs/FAILURES.md that two nodes in a simulator
// can meet. Those that live in the operating system have their tests in tests/e2e.
#pragma once

#include "tests/sim/pair_stage.hpp"

#include <vector>

namespace tandemq::sim {

// By row.
const std::vector<PairScenario>& pair_scenarios();

// Its parts, each in a file.
std::vector<PairScenario> scenarios_of_hosts();  // Nodes that end, hang, lag, and come back.
std::vector<PairScenario> scenarios_of_paths();  // What is between them, and the witness.

// Settings of a row.
inline const std::vector<Setting> kWitnessed = {Setting::witness};
inline const std::vector<Setting> kEvery = {Setting::witness, Setting::heartbeat, Setting::gateway,
                                            Setting::fence, Setting::manual};
// Somebody takes over by itself.
inline const std::vector<Setting> kAutomatic = {Setting::witness, Setting::heartbeat,
                                                Setting::gateway, Setting::fence};

}  // namespace tandemq::sim
