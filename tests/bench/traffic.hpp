// Traffic: publishers and subscribers in one thread, so that a publisher knows what was delivered:
// a closed loop that never has more than a window of messages under way and gives no broker a
// reason to drop one. `latency` is an open loop: message k leaves at its own time, whatever became
// of the others, and its stamp is that time. Owner: main; one thread, one epoll.
#pragma once

#include "base/result.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/settings.hpp"

namespace tandemq {

Result<TrafficFigures> run_traffic(const Settings& settings);

// A sentence when a message was lost, repeated or never acknowledged.
Result<void> check_delivery(const TrafficFigures& figures);

}  // namespace tandemq
