// Fetch: bodies that have left memory (memory.bodies_max_bytes) come back before their delivery has
// its turn. The broker asks by Effects::wanted and goes on; whoever reads the store answers.
#pragma once

#include "broker/turn.hpp"

#include <vector>

namespace tandemq {

// Asks for the bodies of the connection's next deliveries if some of them are not in memory, and
// nothing was asked for it before. Without room in its window only as far as they can stay.
void fetch_ahead(Turn& turn, Connection& connection, bool window_has_room);

// The answer to the request of this number; `lost` could not be read.
void take_bodies(Turn& turn, std::uint64_t request, const std::vector<MessageRef>& bodies,
                 const std::vector<MessageId>& lost);

}  // namespace tandemq
