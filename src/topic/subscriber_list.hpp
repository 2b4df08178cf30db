// SubscriberList: the plain subscribers of one filter, ordered by session. Kept in blocks, so that
// a million clients can leave a topic that all of them read without moving a million entries each.
// Not shared between threads.
#pragma once

#include "topic/subscription.hpp"

#include <cstddef>
#include <vector>

namespace tandemq {

class SubscriberList {
 public:
  // Adds, or replaces the one of the same session. True if it was not there before.
  bool put(const Subscription& subscription);
  // True if it was there.
  bool erase(SessionId session);
  // Null if it is not there.
  const Subscription* find(SessionId session) const;

  // The first one; not to be called when empty.
  const Subscription& front() const { return blocks_.front().front(); }
  std::size_t size() const { return size_; }
  void append_to(std::vector<Subscription>& out) const;

 private:
  using Block = std::vector<Subscription>;  // Ordered by session, never empty.

  std::size_t block_of(SessionId session) const;
  void split(std::size_t block);
  void join_with_next(std::size_t block);

  std::vector<Block> blocks_;  // Ordered: all of a block before all of the next.
  std::size_t size_ = 0;
};

}  // namespace tandemq
