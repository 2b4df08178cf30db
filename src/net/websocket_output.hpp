// WebSocketOutput: puts what an Outbox holds into binary frames, with pongs and the close between
// them. The bytes stay where they are: a frame is made of all that is there when it begins, and
// only its header is added, so a turn's output is one frame and one system call. What it owes by
// itself is bounded: one pong, one close, one answer to an upgrade. Touches no socket. Owned by a
// WebSocketStream; its hub's thread.
#pragma once

#include "net/outbox.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sys/uio.h>

namespace tandemq {

class WebSocketOutput {
 public:
  void put(std::string bytes);  // Leaves as it is, before all frames.
  // Takes the place of one that has not begun to leave (RFC 6455 section 5.5.3).
  void pong(std::string body);
  void close(std::uint16_t code);  // Behind all that the outbox holds; the first one counts.

  // As those of Outbox, which they use. gather() begins a frame when none is under way.
  std::size_t gather(const Outbox& outbox, std::span<iovec> views);
  void sent(std::size_t size, Outbox& outbox, PendingPool& pool);
  void clear();  // Together with the outbox.
  [[nodiscard]] bool empty(const Outbox& outbox) const;

 private:
  void begin(const Outbox& outbox);

  std::string head_;            // What leaves next: control frames and the header of a frame.
  std::size_t head_sent_ = 0;   // Of it.
  std::size_t frame_left_ = 0;  // Of the outbox: the frame that has begun.
  std::optional<std::string> pong_;
  std::uint16_t close_ = 0;  // 0: not yet.
  bool close_sent_ = false;  // Or in head_.
};

}  // namespace tandemq
