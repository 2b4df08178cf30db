#include "net/outbox.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::size_t kSpareMax = 1'024;        // Buffers.
constexpr std::size_t kSpareBytesMax = 65'536;  // Of one buffer; a larger one is freed.
constexpr std::size_t kCompactBytes = 65'536;   // Sent bytes are cut off from here on.

iovec view_of(const char* data, std::size_t size) {
  return {const_cast<char*>(data), size};  // iovec serves reading too and knows no const.
}

}  // namespace

std::unique_ptr<PendingOutput> PendingPool::take() {
  if (spare_.empty()) return std::make_unique<PendingOutput>();
  std::unique_ptr<PendingOutput> pending = std::move(spare_.back());
  spare_.pop_back();
  return pending;
}

void PendingPool::give_back(std::unique_ptr<PendingOutput>&& pending) {
  if (spare_.size() >= kSpareMax || pending->bytes.capacity() > kSpareBytesMax)
    return pending.reset();
  pending->bytes.clear();
  if (!pending->shared.empty()) pending->shared.clear();
  pending->bytes_sent = pending->bytes_counted = 0;
  pending->shared_count = pending->shared_sent = pending->unsent = 0;
  spare_.push_back(std::move(pending));
}

std::string& Outbox::tail(PendingPool& pool) {
  if (!pending_) pending_ = pool.take();
  return pending_->bytes;
}

void Outbox::written() {
  pending_->unsent += pending_->bytes.size() - pending_->bytes_counted;
  pending_->bytes_counted = pending_->bytes.size();
  if (pending_->unsent == 0) pending_.reset();  // The packet has no form in its version.
}

void Outbox::add_shared(MessageRef message) {
  ENSURE(pending_, "a payload comes behind the head of its packet");
  pending_->unsent += message->payload.size();
  pending_->shared.push_back({pending_->bytes.size(), std::move(message)});
}

std::size_t Outbox::gather(std::span<iovec> views) const {
  if (empty()) return 0;
  const PendingOutput& p = *pending_;
  if (p.shared.empty()) {
    views[0] = view_of(p.bytes.data() + p.bytes_sent, p.unsent);
    return 1;
  }
  std::size_t filled = 0;
  std::size_t at = p.bytes_sent;
  std::size_t skip = p.shared_sent;
  for (std::size_t i = p.shared_count; i <= p.shared.size() && filled < views.size(); ++i) {
    const std::size_t end = i < p.shared.size() ? p.shared[i].behind : p.bytes.size();
    if (end > at) views[filled++] = view_of(p.bytes.data() + at, end - at);
    at = end;
    if (i == p.shared.size() || filled == views.size()) break;
    const std::string& payload = p.shared[i].message->payload;
    views[filled++] = view_of(payload.data() + skip, payload.size() - skip);
    skip = 0;
  }
  return filled;
}

void Outbox::sent(std::size_t size, PendingPool& pool) {
  ENSURE(pending_ && size <= pending_->unsent, "no more can be sent than there was");
  PendingOutput& p = *pending_;
  p.unsent -= size;
  if (p.unsent == 0) return clear(pool);
  while (size > 0) {
    const bool has_shared = p.shared_count < p.shared.size();
    const std::size_t end = has_shared ? p.shared[p.shared_count].behind : p.bytes.size();
    const std::size_t bytes = std::min(size, end - p.bytes_sent);
    p.bytes_sent += bytes;
    size -= bytes;
    if (!has_shared || p.bytes_sent < end) continue;
    PendingOutput::Shared& shared = p.shared[p.shared_count];
    const std::size_t payload = std::min(size, shared.message->payload.size() - p.shared_sent);
    p.shared_sent += payload;
    size -= payload;
    if (p.shared_sent < shared.message->payload.size()) continue;
    shared.message.reset();
    p.shared_sent = 0;
    ++p.shared_count;
  }
  if (p.bytes_sent < kCompactBytes || p.bytes_sent < p.bytes.size() / 2) return;
  p.bytes.erase(0, p.bytes_sent);
  p.shared.erase(p.shared.begin(), p.shared.begin() + static_cast<std::ptrdiff_t>(p.shared_count));
  for (PendingOutput::Shared& shared : p.shared) shared.behind -= p.bytes_sent;
  p.bytes_counted -= p.bytes_sent;
  p.bytes_sent = p.shared_count = 0;
}

void Outbox::clear(PendingPool& pool) {
  if (pending_) pool.give_back(std::move(pending_));
}

std::size_t Outbox::owned_size() const {
  return pending_ == nullptr ? 0 : pending_->bytes.size() - pending_->bytes_sent;
}

}  // namespace tandemq
