// Mailbox: values from many threads to one, drained whole. The first value put into an empty
// mailbox calls `wake`, so the receiver is woken once a batch. It never blocks and never drops:
// put() tells the sender when it is over its bound, and the sender then stops reading its source.
// put() from any thread; drain() from the owner only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace tandemq {

inline constexpr std::size_t kNoBound = SIZE_MAX;  // Something else bounds what waits.

template <class T>
class Mailbox {
 public:
  Mailbox(std::size_t count_max, std::function<void()> wake)
      : count_max_(count_max), wake_(std::move(wake)) {}

  // True while there is room for more: false asks the sender to stop until it is told otherwise.
  bool put(T value) {
    bool first = false;
    bool room = false;
    {
      const std::lock_guard lock(mutex_);
      first = values_.empty();
      values_.push_back(std::move(value));
      room = values_.size() < count_max_;
    }
    if (first) wake_();
    return room;
  }

  // Moves a whole batch in under one lock; `values` comes back empty and keeps its capacity.
  bool put_all(std::vector<T>& values) {
    if (values.empty()) return true;
    bool first = false;
    bool room = false;
    {
      const std::lock_guard lock(mutex_);
      first = values_.empty();
      if (first) {
        values_.swap(values);
      } else {
        values_.insert(values_.end(), std::make_move_iterator(values.begin()),
                       std::make_move_iterator(values.end()));
      }
      room = values_.size() < count_max_;
    }
    values.clear();
    if (first) wake_();
    return room;
  }

  // Replaces the content of `into` by all that waits here.
  void drain(std::vector<T>& into) {
    into.clear();
    const std::lock_guard lock(mutex_);
    values_.swap(into);
  }

 private:
  const std::size_t count_max_;
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<T> values_;
};

}  // namespace tandemq
