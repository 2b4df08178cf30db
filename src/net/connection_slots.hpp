// ConnectionSlots: which connection ids of a sink are alive. A slot is reused, an id never: each
// reuse is a new generation, so that a late output for a connection that is gone finds nobody.
// Slots that were freed last are reused first, which keeps the tables short.
// Owner: a hub, or another sink; its thread.
#pragma once

#include "base/ids.hpp"

#include <cstdint>
#include <vector>

namespace tandemq {

class ConnectionSlots {
 public:
  explicit ConnectionSlots(std::uint8_t sink) : sink_(sink) {}

  [[nodiscard]] bool full() const { return free_.empty() && slots_.size() == kConnectionSlotsMax; }
  ConnectionId obtain();  // Only while there is room.
  void release(ConnectionId id);

  [[nodiscard]] bool holds(ConnectionId id) const {
    return id != ConnectionId::none && connection_slot(id) < slots_.size() &&
           slots_[connection_slot(id)].id == id;
  }
  [[nodiscard]] std::size_t count() const { return slots_.size() - free_.size(); }
  [[nodiscard]] std::size_t slot_count() const { return slots_.size(); }  // Ever used.

 private:
  struct Slot {
    ConnectionId id = ConnectionId::none;  // Of the connection that is there.
    std::uint32_t generation = 0;
  };

  std::uint8_t sink_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace tandemq
