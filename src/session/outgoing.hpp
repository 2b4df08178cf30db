// Outgoing: what a session still has to deliver, oldest first: the in-flight window at the front
// (sent or released, in the order they were first sent), behind it the queue. One ring, so the
// order of a topic cannot be lost between two containers.
// Part of State: changed by State alone.
#pragma once

#include "base/ring.hpp"
#include "journal/mutation.hpp"
#include "session/handshake.hpp"
#include "session/stored_message.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace tandemq {

struct Delivery {
  MessageRef volatile_message;            // Of a session or message that is not in the log.
  const StoredMessage* stored = nullptr;  // Of the log. Both are null once released.
  std::uint64_t share = 0;                // Key of the shared group; 0: none.
  std::uint64_t sequence = 0;             // Names the delivery within its queue; rises.
  std::unique_ptr<const SubscriptionIds> subscription_ids;  // Null if none, the usual case.
  std::uint16_t packet_id = 0;
  mqtt::QoS qos{};
  DeliveryPhase phase = DeliveryPhase::queued;
  bool retain = false;
  bool tabled = false;   // It has a row, or the changes under way give it one.
  bool changed = false;  // The row is not up to date.

  // Null once released, and while the message is in its table only.
  [[nodiscard]] const MessageRef& message() const {
    return stored != nullptr ? stored->body : volatile_message;
  }
  [[nodiscard]] bool on_disk() const { return stored != nullptr && !stored->body; }
  [[nodiscard]] MessageId message_id() const {
    return stored != nullptr ? stored->id : MessageId::none;
  }
  [[nodiscard]] std::size_t size() const {
    return stored != nullptr ? stored->size : volatile_message->size();
  }
  [[nodiscard]] bool expired_at(Instant now) const {
    return (stored != nullptr ? stored->expires_at : volatile_message->expires_at) <= now;
  }
};

class Outgoing {
 public:
  [[nodiscard]] std::size_t size() const { return deliveries_.size(); }
  [[nodiscard]] std::size_t inflight_count() const { return inflight_; }
  [[nodiscard]] std::size_t queued_count() const { return deliveries_.size() - inflight_; }
  [[nodiscard]] std::uint64_t queued_bytes() const { return queued_bytes_; }
  [[nodiscard]] const Delivery& operator[](std::size_t i) const { return deliveries_[i]; }
  [[nodiscard]] std::optional<std::size_t> find_inflight(std::uint16_t packet_id) const;
  [[nodiscard]] std::optional<std::size_t> find(std::uint64_t sequence) const;
  // The next packet id that no delivery in flight has [MQTT-2.2.1-3]; 0 if all are in use.
  [[nodiscard]] std::uint16_t free_packet_id() const;
  // Known from the deliveries alone, so that a State from the tables goes on like any other.
  [[nodiscard]] std::uint64_t next_sequence() const {
    return deliveries_.size() == 0 ? 0 : deliveries_[deliveries_.size() - 1].sequence + 1;
  }

  void add(Delivery&& delivery);  // With a packet id: in flight at once; none may be queued.
  Delivery send(std::uint16_t packet_id);  // The oldest queued one; of QoS 0 it is removed.
  Delivery release(std::size_t i);         // Gives its message back; the delivery stays.
  Delivery remove(std::size_t i);
  void restore(Delivery&& delivery);  // As it was, in any phase; behind all others.
  void note_row(std::size_t i);       // It has a row that is up to date.
  void note_no_rows();                // None has.

 private:
  void note_packet_id(std::uint16_t id);  // Of the delivery that comes into the window.

  Ring<Delivery> deliveries_;  // By sequence.
  std::uint64_t queued_bytes_ = 0;
  std::uint32_t inflight_ = 0;
  std::uint16_t last_packet_id_ = 0;
  std::uint16_t taken_ahead_ = 0;  // Between the last id and this one all are free.
};

}  // namespace tandemq
