// StreamBuffer: what flows from the core to one stream of administration. The core never waits:
// when the reader is behind, items that nobody acknowledges are left out and counted.
// Shared by the core thread, which puts, and the stream's thread, which takes.
#pragma once

#include "base/mailbox.hpp"
#include "base/time.hpp"
#include "broker/trace.hpp"
#include "journal/message.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <semaphore>
#include <string>
#include <variant>
#include <vector>

namespace tandemq {

struct ArrivedMessage {
  Instant at;
  MessageRef message;
  std::uint16_t packet_id = 0;
  mqtt::QoS qos{};
  bool retain = false;
};

// The core wants to know when everything before has been taken (NotifyWhenSent).
struct PageEnd {};

// Nothing follows.
struct StreamEnd {
  std::string why;  // Empty: as it was wished.
};

using StreamItem = std::variant<ArrivedMessage, TraceEvent, PageEnd, StreamEnd>;

class StreamBuffer {
 public:
  static constexpr std::size_t kItemsMax = 10'000;
  static constexpr std::size_t kBytesMax = 64U << 20U;

  StreamBuffer();

  void put(StreamItem item);               // For what must not be left out.
  void put_or_leave_out(StreamItem item);  // For the rest.

  struct Taken {
    std::vector<StreamItem> items;
    std::uint64_t left_out = 0;  // Since the last time.
  };
  Taken take(int wait_ms);  // Waits until there is something, at most so long.

 private:
  std::counting_semaphore<> wake_{0};
  Mailbox<StreamItem> items_;
  std::atomic<std::size_t> waiting_count_{0};
  std::atomic<std::size_t> waiting_bytes_{0};
  std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace tandemq
