#include "topic/subscriber_list.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tandemq {

namespace {

// 6 KB a block: cheap to shift, and two thousand blocks hold a million subscribers.
constexpr std::size_t kBlockCountMax = 512;

bool session_before(const Subscription& subscription, SessionId session) {
  return subscription.session < session;
}

}  // namespace

bool SubscriberList::put(const Subscription& subscription) {
  if (blocks_.empty()) blocks_.emplace_back();
  std::size_t at = block_of(subscription.session);
  Block* block = &blocks_[at];
  auto place = std::lower_bound(block->begin(), block->end(), subscription.session, session_before);
  if (place != block->end() && place->session == subscription.session) {
    *place = subscription;
    return false;
  }
  if (block->size() == kBlockCountMax) {
    split(at);
    at = block_of(subscription.session);
    block = &blocks_[at];
    place = std::lower_bound(block->begin(), block->end(), subscription.session, session_before);
  }
  block->insert(place, subscription);
  ++size_;
  return true;
}

bool SubscriberList::erase(SessionId session) {
  if (blocks_.empty()) return false;
  const std::size_t at = block_of(session);
  Block& block = blocks_[at];
  const auto place = std::lower_bound(block.begin(), block.end(), session, session_before);
  if (place == block.end() || place->session != session) return false;
  block.erase(place);
  --size_;
  if (block.empty()) {
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(at));
  } else {
    join_with_next(at);
  }
  return true;
}

const Subscription* SubscriberList::find(SessionId session) const {
  if (blocks_.empty()) return nullptr;
  const Block& block = blocks_[block_of(session)];
  const auto place = std::lower_bound(block.begin(), block.end(), session, session_before);
  return place != block.end() && place->session == session ? &*place : nullptr;
}

void SubscriberList::append_to(std::vector<Subscription>& out) const {
  for (const Block& block : blocks_) out.insert(out.end(), block.begin(), block.end());
}

// The last block that starts at or before the session, else the first.
std::size_t SubscriberList::block_of(SessionId session) const {
  const auto after =
      std::upper_bound(blocks_.begin() + 1, blocks_.end(), session,
                       [](SessionId id, const Block& block) { return id < block.front().session; });
  return static_cast<std::size_t>(after - blocks_.begin()) - 1;
}

void SubscriberList::split(std::size_t block) {
  Block& first = blocks_[block];
  const auto middle = first.begin() + kBlockCountMax / 2;
  Block second(middle, first.end());
  first.erase(middle, first.end());
  first.shrink_to_fit();
  blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(block) + 1, std::move(second));
}

// Keeps blocks from wearing thin. Half a block together leaves room before the next split.
void SubscriberList::join_with_next(std::size_t block) {
  if (block + 1 == blocks_.size()) return;
  Block& next = blocks_[block + 1];
  if (blocks_[block].size() + next.size() > kBlockCountMax / 2) return;
  blocks_[block].insert(blocks_[block].end(), next.begin(), next.end());
  blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(block) + 1);
}

}  // namespace tandemq
