#include "topic/slot_table.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {

namespace {

constexpr std::size_t kCapacityMin = 16;
// At most 4/5 full: a miss then looks at about 13 slots, which are neighbours.
constexpr std::size_t kFullNumerator = 4;
constexpr std::size_t kFullDenominator = 5;
// Shrinks when less than 1/8 is used, which leaves room on both sides of the new size.
constexpr std::size_t kShrinkBelow = 8;

}  // namespace

void SlotTable::reserve(std::size_t count) {
  std::size_t capacity = std::max(slots_.size(), kCapacityMin);
  while (count * kFullDenominator > capacity * kFullNumerator) capacity *= 2;
  if (capacity > slots_.size()) resize(capacity);
}

void SlotTable::insert(std::uint32_t hash, std::uint32_t number) {
  ENSURE(number != 0, "0 marks an empty slot");
  if ((size_ + 1) * kFullDenominator > slots_.size() * kFullNumerator) {
    resize(slots_.empty() ? kCapacityMin : slots_.size() * 2);
  }
  place({hash, number});
  ++size_;
}

void SlotTable::erase(std::uint32_t hash, std::uint32_t number) {
  ENSURE(!slots_.empty(), "only what is in the table can be erased");
  std::size_t hole = hash & mask();
  while (slots_[hole].number != number) {
    ENSURE(slots_[hole].number != 0, "only what is in the table can be erased");
    hole = (hole + 1) & mask();
  }
  // Close the gap: whatever stands after it and is not nearer to its home than the gap moves up.
  for (std::size_t i = (hole + 1) & mask(); slots_[i].number != 0; i = (i + 1) & mask()) {
    const std::size_t home = slots_[i].hash & mask();
    if (((i - home) & mask()) < ((i - hole) & mask())) continue;
    slots_[hole] = slots_[i];
    hole = i;
  }
  slots_[hole] = {};
  --size_;
  if (size_ == 0) {
    slots_ = std::vector<Slot>();  // Not {}, which keeps the capacity.
  } else if (slots_.size() > kCapacityMin && size_ < slots_.size() / kShrinkBelow) {
    resize(slots_.size() / 2);
  }
}

void SlotTable::place(Slot slot) {
  std::size_t i = slot.hash & mask();
  while (slots_[i].number != 0) i = (i + 1) & mask();
  slots_[i] = slot;
}

void SlotTable::resize(std::size_t capacity) {
  const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(capacity));
  for (const Slot& slot : before) {
    if (slot.number != 0) place(slot);
  }
}

}  // namespace tandemq
