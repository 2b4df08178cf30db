#include "net/connection_slots.hpp"

#include "base/ensure.hpp"

namespace tandemq {

ConnectionId ConnectionSlots::obtain() {
  ENSURE(!full(), "a sink that is full accepts nobody");
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.push_back({});
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  return slots_[slot].id = make_connection_id(sink_, ++slots_[slot].generation, slot);
}

void ConnectionSlots::release(ConnectionId id) {
  ENSURE(holds(id), "a connection is released once");
  slots_[connection_slot(id)].id = ConnectionId::none;
  free_.push_back(connection_slot(id));
}

}  // namespace tandemq
