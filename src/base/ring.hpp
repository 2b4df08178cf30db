// Ring: a queue that holds nothing while it is empty, grows by doubling, and gives its memory back
// when it has drained. Unlike std::deque an empty one costs 16 bytes and no allocation, which
// matters with a million sessions. Index 0 is the oldest. Not shared between threads.
#pragma once

#include "base/ensure.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace tandemq {

template <class T>
class Ring {
 public:
  Ring() = default;
  Ring(Ring&& from) noexcept { swap(from); }
  Ring& operator=(Ring&& from) noexcept {
    Ring taken(std::move(from));
    swap(taken);
    return *this;
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) { return slots_[(head_ + i) & (capacity_ - 1)]; }
  const T& operator[](std::size_t i) const { return slots_[(head_ + i) & (capacity_ - 1)]; }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }

  void push_back(T&& value) {
    if (size_ == capacity_) resize(capacity_ == 0 ? 2 : capacity_ * 2);
    slots_[(head_ + size_++) & (capacity_ - 1)] = std::move(value);
  }

  void pop_front() { erase(0); }

  // Removes the i-th and keeps the order of the others; cheap near the front.
  void erase(std::size_t i) {
    ENSURE(i < size_, "only what is in the ring can be removed");
    for (; i > 0; --i) (*this)[i] = std::move((*this)[i - 1]);
    slots_[head_] = T{};
    head_ = (head_ + 1) & (capacity_ - 1);
    if (--size_ == 0 && capacity_ > kKeptWhenEmpty) *this = Ring{};
  }

  void clear() { *this = Ring{}; }

  void swap(Ring& other) noexcept {
    slots_.swap(other.slots_);
    std::swap(capacity_, other.capacity_);
    std::swap(head_, other.head_);
    std::swap(size_, other.size_);
  }

 private:
  static constexpr std::uint32_t kKeptWhenEmpty = 32;

  void resize(std::uint32_t capacity) {
    auto slots = std::make_unique<T[]>(capacity);
    for (std::uint32_t i = 0; i < size_; ++i) slots[i] = std::move((*this)[i]);
    slots_ = std::move(slots);
    capacity_ = capacity;
    head_ = 0;
  }

  std::unique_ptr<T[]> slots_;
  std::uint32_t capacity_ = 0;  // Zero or a power of two.
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace tandemq
