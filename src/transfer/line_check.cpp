#include "transfer/line_check.hpp"

#include "access/lines.hpp"

#include <utility>

namespace tandemq {

Result<void> LineCheck::take(const Line& line) {
  return std::visit([this](const auto& kind) { return take_line(kind); }, line);
}

Result<LineCheck::Queue*> LineCheck::queue_of(std::string_view client) {
  const auto found = queues_.find(client);
  if (found != queues_.end()) return &found->second;
  return failure("The client " + quoted(client) + " has no session line before this one.");
}

Result<void> LineCheck::find(MessageId id) const {
  if (messages_.contains(id)) return {};
  return failure("The message " + std::to_string(number(id)) + " has no line before this one.");
}

Result<void> LineCheck::take_line(const HeaderLine&) {
  messages_.clear();
  return {};
}

Result<void> LineCheck::take_line(const SessionLine& line) {
  if (line.expiry_s == 0)
    return failure("The session of " + tandemq::quoted(line.client) + " ends with its connection.");
  if (queues_.try_emplace(line.client).second) return {};
  return failure("The client " + tandemq::quoted(line.client) + " has two session lines.");
}

Result<void> LineCheck::take_line(const SubscriptionLine& line) {
  const auto queue = queue_of(line.client);
  if (!queue) return tl::unexpected(queue.error());
  return {};
}

Result<void> LineCheck::take_line(const MessageLine& line) {
  if (messages_.insert(line.message->id).second) return {};
  return failure("The message " + std::to_string(number(line.message->id)) + " has two lines.");
}

Result<void> LineCheck::take_line(const QueuedLine& line) {
  const auto queue = queue_of(line.client);
  if (!queue) return tl::unexpected(queue.error());
  if (!line.released) {
    if (auto found = find(line.message); !found) return found;
  }
  if (line.packet_id == 0) {
    (*queue)->waits = true;
    return {};
  }
  if ((*queue)->waits) return failure("What is in flight stands before what waits.");
  if ((*queue)->packet_ids.insert(line.packet_id).second) return {};
  return failure("The client " + tandemq::quoted(line.client) +
                 " has a delivery with this packet id already.");
}

Result<void> LineCheck::take_line(const RetainedLine& line) {
  return find(line.message);
}

Result<void> LineCheck::take_line(const WillLine&) {
  return {};
}

}  // namespace tandemq
