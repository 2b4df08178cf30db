#include "node/stream_buffer.hpp"

#include <chrono>
#include <utility>

namespace tandemq {
namespace {

std::size_t size_of(const StreamItem& item) {
  constexpr std::size_t kItself = sizeof(StreamItem);
  if (const auto* arrived = std::get_if<ArrivedMessage>(&item))
    return kItself + arrived->message->size();
  if (const auto* event = std::get_if<TraceEvent>(&item))
    return kItself + event->client_id.size() + event->topic.size() + event->text.size();
  return kItself;
}

}  // namespace

StreamBuffer::StreamBuffer() : items_(kItemsMax, [this] { wake_.release(); }) {}

void StreamBuffer::put(StreamItem item) {
  ++waiting_count_;
  waiting_bytes_ += size_of(item);
  items_.put(std::move(item));
}

void StreamBuffer::put_or_leave_out(StreamItem item) {
  const bool room = waiting_count_ < kItemsMax && waiting_bytes_ + size_of(item) <= kBytesMax;
  if (room) {
    put(std::move(item));
  } else {
    ++left_out_;
  }
}

StreamBuffer::Taken StreamBuffer::take(int wait_ms) {
  Taken taken;
  if (!wake_.try_acquire_for(std::chrono::milliseconds(wait_ms))) return taken;
  items_.drain(taken.items);
  for (const StreamItem& item : taken.items) waiting_bytes_ -= size_of(item);
  waiting_count_ -= taken.items.size();
  taken.left_out = left_out_.exchange(0);
  return taken;
}

}  // namespace tandemq
