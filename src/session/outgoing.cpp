#include "session/outgoing.hpp"

#include "base/ensure.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

// Of the circle of packet ids, 1 to 65,535; from an id to itself it is all the way round.
std::uint32_t steps_between(std::uint16_t from, std::uint16_t to) {
  return from < to ? to - from : std::uint32_t{to} + UINT16_MAX - from;
}

}  // namespace

std::optional<std::size_t> Outgoing::find_inflight(std::uint16_t packet_id) const {
  if (inflight_ == 0) return std::nullopt;
  const std::uint16_t oldest = deliveries_[0].packet_id;
  if (packet_id == oldest) return 0;
  // Ids rise by one, so it stands as far behind the oldest as its id does, or before that place.
  const std::size_t likely = std::min(steps_between(oldest, packet_id), inflight_ - 1);
  for (std::size_t i = likely + 1; i-- > 0;)
    if (deliveries_[i].packet_id == packet_id) return i;
  for (std::size_t i = likely + 1; i < inflight_; ++i)
    if (deliveries_[i].packet_id == packet_id) return i;
  return std::nullopt;
}

std::optional<std::size_t> Outgoing::find(std::uint64_t sequence) const {
  std::size_t begin = 0;
  std::size_t end = deliveries_.size();
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    if (deliveries_[middle].sequence < sequence) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  if (begin == deliveries_.size() || deliveries_[begin].sequence != sequence) return std::nullopt;
  return begin;
}

std::uint16_t Outgoing::free_packet_id() const {
  if (inflight_ >= UINT16_MAX) return 0;
  const auto next = [](std::uint16_t id) {
    return id == UINT16_MAX ? std::uint16_t{1} : static_cast<std::uint16_t>(id + 1);
  };
  std::uint16_t id = next(last_packet_id_);
  if (id != taken_ahead_) return id;
  while (find_inflight(id)) id = next(id);
  return id;
}

void Outgoing::note_packet_id(std::uint16_t id) {
  const bool was_ahead =
      steps_between(last_packet_id_, id) < steps_between(last_packet_id_, taken_ahead_);
  last_packet_id_ = id;
  if (was_ahead) return;
  // Once a round of the circle, and at each id that an old delivery still has.
  taken_ahead_ = id;
  for (std::size_t i = 0; i < inflight_; ++i)
    if (steps_between(id, deliveries_[i].packet_id) < steps_between(id, taken_ahead_))
      taken_ahead_ = deliveries_[i].packet_id;
}

void Outgoing::add(Delivery&& delivery) {
  ENSURE(delivery.packet_id == 0 || queued_count() == 0,
         "a delivery must not overtake those that wait");
  ENSURE(delivery.packet_id == 0 || delivery.qos != mqtt::QoS::at_most_once,
         "QoS 0 has no packet id [MQTT-2.2.1-2]");
  delivery.phase = delivery.packet_id == 0 ? DeliveryPhase::queued : DeliveryPhase::sent;
  restore(std::move(delivery));
}

void Outgoing::restore(Delivery&& delivery) {
  ENSURE(delivery.sequence >= next_sequence(), "sequences rise");
  if (delivery.phase == DeliveryPhase::queued) {
    queued_bytes_ += delivery.size();
  } else {
    note_packet_id(delivery.packet_id);
    ++inflight_;
  }
  deliveries_.push_back(std::move(delivery));
}

Delivery Outgoing::send(std::uint16_t packet_id) {
  ENSURE(queued_count() > 0, "only what waits can be sent");
  Delivery& delivery = deliveries_[inflight_];
  ENSURE((packet_id == 0) == (delivery.qos == mqtt::QoS::at_most_once),
         "QoS 1 and 2 have a packet id, QoS 0 has none");
  if (packet_id == 0) return remove(inflight_);
  queued_bytes_ -= delivery.size();
  delivery.packet_id = packet_id;
  delivery.phase = DeliveryPhase::sent;
  delivery.changed = true;
  note_packet_id(packet_id);
  ++inflight_;
  return {};
}

Delivery Outgoing::release(std::size_t i) {
  ENSURE(i < inflight_ && deliveries_[i].phase == DeliveryPhase::sent, "only what was sent");
  Delivery& delivery = deliveries_[i];
  delivery.phase = DeliveryPhase::released;
  delivery.changed = true;
  Delivery given_back;
  given_back.volatile_message = std::exchange(delivery.volatile_message, nullptr);
  given_back.stored = std::exchange(delivery.stored, nullptr);
  return given_back;
}

Delivery Outgoing::remove(std::size_t i) {
  Delivery removed = std::move(deliveries_[i]);
  deliveries_.erase(i);
  if (i < inflight_) {
    --inflight_;
  } else {
    queued_bytes_ -= removed.size();
  }
  return removed;
}

void Outgoing::note_row(std::size_t i) {
  deliveries_[i].tabled = true;
  deliveries_[i].changed = false;
}

void Outgoing::note_no_rows() {
  for (std::size_t i = 0; i < deliveries_.size(); ++i) deliveries_[i].tabled = false;
}

}  // namespace tandemq
