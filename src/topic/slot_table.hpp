// SlotTable: a flat hash table from a 32-bit hash to numbers of records that somebody else keeps
// and compares. 8 bytes a slot, linear probing, no tombstones; grows and shrinks by powers of two
// without looking at the records. Number 0 means none. Not shared between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tandemq {

class SlotTable {
 public:
  // The first number with this hash that `equal(number)` accepts, or 0.
  template <class Equal>
  std::uint32_t find(std::uint32_t hash, const Equal& equal) const {
    if (slots_.empty()) return 0;
    for (std::size_t i = hash & mask(); slots_[i].number != 0; i = (i + 1) & mask()) {
      if (slots_[i].hash == hash && equal(slots_[i].number)) return slots_[i].number;
    }
    return 0;
  }

  // So many are going to be inserted.
  void reserve(std::size_t count);
  // The number is not 0 and not in the table.
  void insert(std::uint32_t hash, std::uint32_t number);
  // The number is in the table under this hash.
  void erase(std::uint32_t hash, std::uint32_t number);

  std::size_t size() const { return size_; }
  std::size_t memory_size() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number = 0;
  };

  std::size_t mask() const { return slots_.size() - 1; }
  void place(Slot slot);
  void resize(std::size_t capacity);

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace tandemq
