// Outbox: what a connection has to send and the socket has not taken yet. Packets are encoded to
// its end; large payloads are not copied but referred to, in their place among the bytes. An empty
// outbox holds nothing: its buffers come from its thread's pool and go back when all is sent.
// Touches no socket. Owned by a ClientSocket; its hub's thread.
#pragma once

#include "journal/message.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <sys/uio.h>

namespace tandemq {

// The content of an outbox that is not empty.
struct PendingOutput {
  // A payload whose place is behind the first `behind` bytes.
  struct Shared {
    std::size_t behind = 0;
    MessageRef message;
  };
  std::string bytes;
  std::vector<Shared> shared;
  std::size_t bytes_sent = 0;     // Of `bytes`.
  std::size_t bytes_counted = 0;  // Of `bytes`, those that `unsent` counts.
  std::size_t shared_count = 0;   // Of `shared`, sent whole.
  std::size_t shared_sent = 0;    // Of the payload at shared_count.
  std::size_t unsent = 0;         // In all.
};

// Buffers to reuse, bounded in number and size. Owned by a hub.
class PendingPool {
 public:
  std::unique_ptr<PendingOutput> take();
  void give_back(std::unique_ptr<PendingOutput>&& pending);  // It may be freed instead.
  [[nodiscard]] std::size_t count() const { return spare_.size(); }

 private:
  std::vector<std::unique_ptr<PendingOutput>> spare_;  // Last used first, it is in the cache.
};

class Outbox {
 public:
  // Where to append encoded packets; call written() afterwards.
  std::string& tail(PendingPool& pool);
  void written();
  void add_shared(MessageRef message);  // Its payload, behind all that was written.

  // Points `views` at what is to be sent next, in order. Returns how many it has filled.
  std::size_t gather(std::span<iovec> views) const;
  // The socket took this many bytes. Buffers go back when nothing is left.
  void sent(std::size_t size, PendingPool& pool);
  void clear(PendingPool& pool);

  [[nodiscard]] bool empty() const { return pending_ == nullptr || pending_->unsent == 0; }
  [[nodiscard]] std::size_t size() const { return pending_ == nullptr ? 0 : pending_->unsent; }
  // Without the payloads that are only referred to: whoever waits for their acknowledgement holds
  // them anyway.
  [[nodiscard]] std::size_t owned_size() const;

 private:
  std::unique_ptr<PendingOutput> pending_;
};

}  // namespace tandemq
