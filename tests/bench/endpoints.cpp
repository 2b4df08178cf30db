#include "tests/bench/endpoints.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace tandemq {
namespace {

constexpr std::uint8_t kFirstError = 0x80;  // Reason codes from here on are errors.

std::string topic_of(std::uint32_t publisher) {
  return "bench/" + std::to_string(publisher);
}

tl::unexpected<Error> unexpected_packet(const FrameView& frame, const char* receiver) {
  std::string text = std::string("The broker sent a ") + receiver + " a packet of type " +
                     std::to_string(static_cast<int>(frame.type)) + " that it cannot use";
  if (frame.type == PacketType::kDisconnect && !frame.body.empty()) {
    text += ", reason code " + std::to_string(static_cast<std::uint8_t>(frame.body.front()));
  }
  return failure(text + ".");
}

}  // namespace

Publisher::Publisher(Client connected, const Settings& settings, std::uint32_t index,
                     std::uint32_t subscribers_count)
    : client(std::move(connected)),
      template_(topic_of(index), settings.version, settings.qos, settings.size),
      qos_(settings.qos),
      index_(index),
      subscribers_count_(subscribers_count) {}

void Publisher::append(std::int64_t stamp_ns) {
  template_.append(client.outbox(), {index_, sent_count_, stamp_ns});
  ++sent_count_;
}

Result<void> Publisher::accept(const FrameView& frame) {
  const std::optional<Acknowledgement> acknowledgement = decode_acknowledgement(frame);
  const PacketType last = qos_ == 1 ? PacketType::kPuback : PacketType::kPubcomp;
  const bool received = qos_ == 2 && frame.type == PacketType::kPubrec;
  const bool completed = qos_ > 0 && frame.type == last;
  if (!acknowledgement || (!received && !completed) || unacknowledged_count() == 0) {
    return unexpected_packet(frame, "publisher");
  }
  if (acknowledgement->reason >= kFirstError) {
    return failure("The broker refused a message with reason code " +
                   std::to_string(acknowledgement->reason) + ".");
  }
  if (received) {
    append_acknowledgement(client.outbox(), PacketType::kPubrel, acknowledgement->packet_id);
  } else {
    ++acknowledged_count_;
  }
  return {};
}

std::uint32_t Publisher::outstanding_count() const {
  const auto delivered = static_cast<std::uint32_t>(deliveries_count_ / subscribers_count_);
  return std::max(sent_count_ - std::min(sent_count_, delivered), unacknowledged_count());
}

std::uint32_t Publisher::unacknowledged_count() const {
  return qos_ == 0 ? 0 : sent_count_ - acknowledged_count_;
}

Subscriber::Subscriber(Client connected, const Settings& settings, std::uint32_t first_publisher,
                       std::uint32_t publishers_count)
    : client(std::move(connected)),
      version_(settings.version),
      first_publisher_(first_publisher),
      next_sequences_(publishers_count) {}

Result<Stamp> Subscriber::accept(const FrameView& frame) {
  if (frame.type == PacketType::kPublish) {
    const std::optional<Delivery> delivery = decode_delivery(frame, version_);
    if (!delivery || delivery->stamp.publisher - first_publisher_ >= next_sequences_.size()) {
      return failure("A subscriber received a message that no publisher sent it.");
    }
    const bool qos1 = (frame.flags & 0x06) == 0x02;
    if (delivery->packet_id != 0) {
      append_acknowledgement(client.outbox(), qos1 ? PacketType::kPuback : PacketType::kPubrec,
                             delivery->packet_id);
    }
    count(delivery->stamp);
    return delivery->stamp;
  }
  const std::optional<Acknowledgement> release = decode_acknowledgement(frame);
  if (frame.type != PacketType::kPubrel || !release) {
    return unexpected_packet(frame, "subscriber");
  }
  append_acknowledgement(client.outbox(), PacketType::kPubcomp, release->packet_id);
  return Stamp{};
}

std::uint64_t Subscriber::lost_count(const std::vector<Publisher>& publishers) const {
  std::uint64_t lost = skipped_count_;
  for (std::size_t index = 0; index < next_sequences_.size(); ++index) {
    lost += publishers[first_publisher_ + index].sent_count() - next_sequences_[index];
  }
  return lost;
}

void Subscriber::count(const Stamp& stamp) {
  std::uint32_t& next = next_sequences_[stamp.publisher - first_publisher_];
  if (stamp.sequence < next) {
    ++repeated_count_;
    return;
  }
  skipped_count_ += stamp.sequence - next;
  next = stamp.sequence + 1;
}

}  // namespace tandemq
