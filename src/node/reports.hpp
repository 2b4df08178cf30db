// reports: what inspect and the streams say, as JSON. The keys are those that the columns of the
// command table name. Pure; the threads of the admin server.
#pragma once

#include "admin/json.hpp"
#include "broker/inspect.hpp"
#include "node/stream_buffer.hpp"

#include <cstddef>

namespace tandemq {

Json to_json(const StatusReport& report);
Json to_json(const ClientReport& report);
Json to_json(const SessionReport& report);
Json to_json(const SubscriptionReport& report);
Json to_json(const DeliveryReport& report);
Json to_json(const Drop& drop);
Json to_json(const ArrivedMessage& arrived);
Json to_json(const TraceEvent& event);
Json retained_json(const Message& message);  // Without its payload.

}  // namespace tandemq
