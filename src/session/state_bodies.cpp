// Which bodies are in memory. Those of the youngest messages leave first: of a queue the oldest are
// wanted first.
#include "base/checksum.hpp"
#include "session/rows.hpp"
#include "session/state.hpp"

namespace tandemq {

std::uint64_t message_digest(const Message& message) {
  std::string bytes;
  Writer writer(bytes);
  write_message(writer, message);
  return checksum(bytes, kMessageDigest);
}

void State::keep_bodies_within(std::uint64_t bytes_max) {
  while (body_bytes_ > bytes_max && !evictable_.empty()) {
    StoredMessage& stored = evictable_.back();
    evictable_.pop_back();
    if (stored.retained) continue;
    stored.digest = message_digest(*stored.body);
    stored.body.reset();
    body_bytes_ -= body_cost(stored);
  }
}

void State::take_body(const MessageRef& message) {
  const auto found = messages_.find(message->id);
  if (found == messages_.end() || found->second.body) return;  // Gone, or asked for twice.
  found->second.body = message;
  body_bytes_ += body_cost(found->second);
  evictable_.push_front(found->second);
}

void State::give_up_body(MessageId id) {
  const auto found = messages_.find(id);
  if (found != messages_.end() && !found->second.body) found->second.lost = true;
}

}  // namespace tandemq
