// health: what a load balancer is told, from what Node::replication_status() says. Pure.
#pragma once

#include "admin/http_server.hpp"
#include "admin/json.hpp"
#include "base/result.hpp"

namespace tandemq {

// `status` is an error if the core thread does not answer; `stopping`: the node is about to end.
HealthReport health_of(const Result<Json>& status, bool stopping);

}  // namespace tandemq
