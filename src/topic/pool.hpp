// Pool: records of one type under small dense numbers. Grows by chunks, so a record never moves and
// growing copies nothing; a released number is given out again first; the last release gives all
// memory back. Record 0 always exists and is never given out, so that 0 can mean none.
// Not shared between threads.
#pragma once

#include "base/ensure.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace tandemq {

template <class T>
class Pool {
 public:
  Pool() { chunks_.push_back(std::make_unique<T[]>(kChunk)); }

  // The number of a record in its initial state.
  std::uint32_t obtain() {
    if (!free_.empty()) {
      const std::uint32_t id = free_.back();
      free_.pop_back();
      return id;
    }
    ENSURE(used_ < std::numeric_limits<std::uint32_t>::max(), "record numbers have 32 bits");
    if (used_ == chunks_.size() * kChunk) chunks_.push_back(std::make_unique<T[]>(kChunk));
    return used_++;
  }

  void release(std::uint32_t id) {
    (*this)[id] = T{};
    free_.push_back(id);
    if (size() != 0) return;
    chunks_.resize(1);
    free_ = std::vector<std::uint32_t>();  // Not {}, which keeps the capacity.
    used_ = 1;
  }

  T& operator[](std::uint32_t id) { return chunks_[id / kChunk][id % kChunk]; }
  const T& operator[](std::uint32_t id) const { return chunks_[id / kChunk][id % kChunk]; }

  // Records given out.
  std::size_t size() const { return used_ - 1 - free_.size(); }
  std::size_t memory_size() const {
    return chunks_.size() * (kChunk * sizeof(T) + sizeof(chunks_[0])) + free_.capacity() * 4;
  }

 private:
  static constexpr std::uint32_t kChunk = 256;  // Small enough for an empty index, few to list.

  std::vector<std::unique_ptr<T[]>> chunks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t used_ = 1;
};

}  // namespace tandemq
