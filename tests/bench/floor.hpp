// The floor: the least that can stand between the two ends of the load "pairs --qos 0". It reads,
// cuts frames, finds the topic's one subscriber in a hash table and sends the bytes on as they
// came: what a broker costs beyond it is the broker, what it costs itself is this machine's kernel.
// No broker: it checks nothing, keeps nothing and knows MQTT 3.1.1 with QoS 0 alone.
#pragma once

#include "base/result.hpp"
#include "tests/bench/settings.hpp"

namespace tandemq {

// Serves settings.port until the process is ended from outside; returns only with an error.
Result<void> run_floor(const Settings& settings);

}  // namespace tandemq
