// Timers: what is due when, as a heap of values. A timer is never cancelled: whoever handles one
// asks its subject whether it still holds, and sets it anew if it was put off. So the heap has one
// entry a subject however often a deadline moves. Ties come in the order in which they were set.
// No clock: the owner says what time it is.
#pragma once

#include "base/time.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace tandemq {

template <class T>
class Timers {
 public:
  void set(Instant at, T what) {
    if (at.is_never()) return;
    heap_.push_back({at, next_order_++, std::move(what)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  // Takes the earliest that is due at `now`.
  std::optional<T> take_due(Instant now) {
    if (heap_.empty() || heap_.front().at > now) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    std::optional<T> what(std::move(heap_.back().what));
    heap_.pop_back();
    return what;
  }

  [[nodiscard]] Instant next() const { return heap_.empty() ? Instant::never() : heap_.front().at; }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    Instant at;
    std::uint64_t order;
    T what;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }

  std::vector<Entry> heap_;
  std::uint64_t next_order_ = 0;
};

}  // namespace tandemq
