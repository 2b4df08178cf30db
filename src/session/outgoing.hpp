// Outgoing: what a session still has to deliver, oldest first: the in-flight window at the front
// (sent or released, in the order they were first sent), behind it the queue. One ring, so the
// order of a topic cannot be lost between two containers.
// Part of State: changed by State::apply alone.
#pragma once

#include "base/ring.hpp"
#include "journal/mutation.hpp"
#include "session/handshake.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace tandemq {

struct Delivery {
  MessageRef message;  // Null once released.
  MessageId message_id = MessageId::none;
  std::uint64_t share = 0;     // Key of the shared group; 0: none.
  std::uint32_t sequence = 0;  // Names the delivery within its session; rises.
  std::uint16_t packet_id = 0;
  mqtt::QoS qos{};
  DeliveryPhase phase = DeliveryPhase::queued;
  bool retain = false;
  std::unique_ptr<const SubscriptionIds> subscription_ids;  // Null if none, the usual case.
};

class Outgoing {
 public:
  [[nodiscard]] std::size_t size() const { return deliveries_.size(); }
  [[nodiscard]] std::size_t inflight_count() const { return inflight_; }
  [[nodiscard]] std::size_t queued_count() const { return deliveries_.size() - inflight_; }
  [[nodiscard]] std::uint64_t queued_bytes() const { return queued_bytes_; }
  [[nodiscard]] const Delivery& operator[](std::size_t i) const { return deliveries_[i]; }
  [[nodiscard]] std::optional<std::size_t> find_inflight(std::uint16_t packet_id) const;
  [[nodiscard]] std::optional<std::size_t> find(std::uint32_t sequence) const;
  // The next packet id that no delivery in flight has [MQTT-2.2.1-3]; 0 if all are in use.
  [[nodiscard]] std::uint16_t free_packet_id() const;

  void add(Delivery delivery);  // With a packet id: in flight at once; none may be queued.
  Delivery send(std::uint16_t packet_id);  // The oldest queued one; of QoS 0 it is removed.
  Delivery release(std::size_t i);         // Gives its message back; the delivery stays.
  Delivery remove(std::size_t i);

 private:
  Ring<Delivery> deliveries_;
  std::uint64_t queued_bytes_ = 0;
  std::uint32_t inflight_ = 0;
  std::uint32_t next_sequence_ = 0;
  std::uint16_t last_packet_id_ = 0;
};

}  // namespace tandemq
