// Drops: no message is lost without a word. Each one that is not delivered is counted by its reason
// and remembered, the last ones in full, with client, topic and time.
// Owned by the broker's World; core thread.
#pragma once

#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace tandemq {

enum class DropReason : std::uint8_t {
  queue_full,        // limits.max_queued_messages or max_queued_bytes.
  expired,           // Its Message Expiry Interval ran out.
  packet_too_large,  // Larger than the receiver's Maximum Packet Size [MQTT-3.1.2-25].
  outbox_full,       // QoS 0 to a receiver that reads too slowly.
  not_authorized,    // No right to publish it, or to receive it.
  refused,           // The PUBLISH was invalid: topic, QoS, payload format, quota.
  session_ended,     // It waited for a session that expired or was discarded.
  purged,            // An operator emptied the queue.
  damaged,           // It could not be read back from the disk.
  disk_full,         // There was no room left to store it, see store.low_bytes.
  count,
};

std::string_view name(DropReason reason);

struct Drop {
  std::uint64_t sequence = 0;  // Rises by one a record; a gap says that records were overwritten.
  Instant at;
  DropReason reason{};
  std::uint32_t count = 1;  // Messages that this record stands for.
  std::string client_id;    // Who did not get it; the publisher if it went to nobody.
  std::string topic;
};

class Drops {
 public:
  explicit Drops(std::size_t kept_max) : kept_max_(kept_max) {}
  void add(Drop drop);  // Gives it its sequence.
  void keep_at_most(std::size_t kept_max);

  [[nodiscard]] std::uint64_t count(DropReason reason) const {
    return counts_[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint64_t total() const;
  [[nodiscard]] const std::deque<Drop>& latest() const { return latest_; }  // Oldest first.

 private:
  std::size_t kept_max_;
  std::uint64_t next_sequence_ = 1;
  std::array<std::uint64_t, static_cast<std::size_t>(DropReason::count)> counts_{};
  std::deque<Drop> latest_;
};

}  // namespace tandemq
