// LineCheck: whether lines fit each other, before any of them is imported: what they name stands
// before them, once, and what is in flight before what waits. Whether a broker takes them depends
// on what it holds; this does not say so.
// One per file; its caller's thread.
#pragma once

#include "base/result.hpp"
#include "transfer/line.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

namespace tandemq {

class LineCheck {
 public:
  // The error says what is wrong with the line; those that follow are checked as if it were not
  // there.
  Result<void> take(const Line& line);

 private:
  struct Queue {
    std::set<std::uint16_t> packet_ids;
    bool waits = false;  // A line of it waits.
  };

  Result<void> take_line(const HeaderLine& line);
  Result<void> take_line(const SessionLine& line);
  Result<void> take_line(const SubscriptionLine& line);
  Result<void> take_line(const MessageLine& line);
  Result<void> take_line(const QueuedLine& line);
  Result<void> take_line(const RetainedLine& line);
  Result<void> take_line(const WillLine& line);
  Result<Queue*> queue_of(std::string_view client);
  [[nodiscard]] Result<void> find(MessageId id) const;

  std::map<std::string, Queue, std::less<>> queues_;
  std::unordered_set<MessageId> messages_;
};

}  // namespace tandemq
