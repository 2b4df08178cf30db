// The floor: the least that can stand between the two ends of the load "pairs". It reads, cuts
// frames, finds the topic's one subscriber in a hash table and sends the bytes on as they came,
// with QoS 1 an acknowledgement back at once. What a broker costs beyond it is the broker; what it
// costs itself is this machine's kernel.
// No broker: it checks nothing, keeps nothing, writes nothing, and knows MQTT 3.1.1 alone.
#pragma once

#include "base/result.hpp"
#include "tests/bench/settings.hpp"

namespace tandemq {

// Serves settings.port until the process is ended from outside; returns only with an error.
Result<void> run_floor(const Settings& settings);

}  // namespace tandemq
