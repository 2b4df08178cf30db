#include "session/state.hpp"

#include "base/checksum.hpp"

#include <algorithm>

namespace tandemq {
namespace {

// Sums checksums, so that the order in which things are visited does not matter.
class DigestSum {
 public:
  template <class Fill>
  void add(std::uint64_t kind, Fill fill) {
    bytes_.clear();
    Writer writer(bytes_);
    fill(writer);
    sum_ += checksum(bytes_, kind);
  }
  [[nodiscard]] std::uint64_t value() const { return sum_; }

 private:
  std::string bytes_;
  std::uint64_t sum_ = 0;
};

enum Kind : std::uint64_t {
  kSession = 1,
  kFilter,
  kDelivery,
  kIncoming,
  kMessage,
  kRetained,
  kWill
};

void write_time(Writer& writer, Instant at) {
  writer.u64(static_cast<std::uint64_t>(at.ms));
}

void digest_session(DigestSum& sum, const Session& session,
                    const SubscriptionIndex& subscriptions) {
  sum.add(kSession, [&](Writer& w) {
    w.u32(index(session.id));
    w.varint_bytes(session.client_id);
    w.varint_bytes(session.user_name);
    w.u32(session.expiry_s);
    write_time(w, session.opened_at);
    write_time(w, session.suspended_at);
  });
  for (const std::string& filter : session.filters) {
    const Subscription* subscription = subscriptions.find(filter, session.id);
    sum.add(kFilter, [&](Writer& w) {
      w.u32(index(session.id));
      w.varint_bytes(filter);
      w.u32(subscription == nullptr ? 0 : subscription->identifier);
      w.u8(subscription == nullptr ? 0xFF : encode_options(subscription->options));
    });
  }
  for (std::size_t i = 0; i < session.outgoing.size(); ++i) {
    const Delivery& delivery = session.outgoing[i];
    sum.add(kDelivery, [&](Writer& w) {
      w.u32(index(session.id));
      w.u32(static_cast<std::uint32_t>(i));
      w.u64(number(delivery.message_id));
      w.u64(delivery.share);
      w.u32(delivery.sequence);
      w.u16(delivery.packet_id);
      w.u8(static_cast<std::uint8_t>(delivery.qos));
      w.u8(static_cast<std::uint8_t>(delivery.phase));
      w.u8(delivery.retain ? 1 : 0);
      if (delivery.subscription_ids)
        for (const std::uint32_t id : *delivery.subscription_ids) w.u32(id);
    });
  }
  for (const std::uint16_t packet_id : session.incoming)
    sum.add(kIncoming, [&](Writer& w) { w.u32(index(session.id)), w.u16(packet_id); });
}

}  // namespace

std::uint64_t State::digest() const {
  DigestSum sum;
  for_each_session([&](const Session& session) {
    if (session.durable) digest_session(sum, session, subscriptions_);
  });
  for (const auto& message : messages_)
    sum.add(kMessage, [&](Writer& w) { write_message(w, *message.second.message); });
  retained_topics_.for_each([&](std::string_view topic, std::uint32_t slot) {
    sum.add(kRetained, [&](Writer& w) {
      w.varint_bytes(topic);
      w.u64(number(retained_[slot]->id));
    });
  });
  for (const auto& will : wills_) {
    sum.add(kWill, [&](Writer& w) {
      write_mutation(w, will.second.will);
      write_time(w, will.second.at);
    });
  }
  return sum.value();
}

std::vector<std::string> State::check() const {
  std::vector<std::string> broken;
  const auto expect = [&](bool holds, std::string what) {
    if (!holds) broken.push_back(std::move(what));
  };
  std::unordered_map<MessageId, std::uint32_t> references;
  std::uint64_t queued = 0;
  std::size_t filters = 0;
  std::size_t sessions = 0;
  for_each_session([&](const Session& session) {
    const std::string who = "session of " + session.client_id;
    ++sessions;
    filters += session.filters.size();
    queued += session.outgoing.queued_count();
    expect(find_session(session.client_id) == &session, who + ": not found by its client id");
    for (const std::string& filter : session.filters)
      expect(subscriptions_.find(filter, session.id) != nullptr, who + ": not indexed: " + filter);
    expect(std::is_sorted(session.incoming.begin(), session.incoming.end()), who + ": incoming");
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < session.outgoing.size(); ++i) {
      const Delivery& delivery = session.outgoing[i];
      const bool inflight = i < session.outgoing.inflight_count();
      expect(inflight == (delivery.phase != DeliveryPhase::queued), who + ": window is torn");
      expect(inflight == (delivery.packet_id != 0), who + ": packet id outside the window");
      expect((delivery.phase == DeliveryPhase::released) == !delivery.message, who + ": message");
      expect(!inflight || session.outgoing.find_inflight(delivery.packet_id) == i,
             who + ": packet id " + std::to_string(delivery.packet_id) + " twice");
      if (!inflight) bytes += delivery.message->size();
      if (delivery.message && delivery.message_id != MessageId::none)
        ++references[delivery.message_id];
      expect(!session.durable || delivery.message_id != MessageId::none, who + ": not in the log");
    }
    expect(bytes == session.outgoing.queued_bytes(), who + ": queued bytes are miscounted");
  });
  retained_topics_.for_each([&](std::string_view topic, std::uint32_t slot) {
    const MessageRef& message = retained_[slot];
    expect(message && message->topic == topic, "retained: " + std::string(topic));
    if (message) ++references[message->id];
  });
  for (const auto& [id, stored] : messages_)
    expect(references[id] == stored.references && stored.references > 0,
           "message " + std::to_string(number(id)) + ": references");
  expect(references.size() == messages_.size(), "a reference to a message that is gone");
  expect(queued == queued_count_, "the number of queued deliveries is miscounted");
  expect(sessions == by_client_.size(), "a client id without a session");
  expect(filters == subscriptions_.size(), "subscriptions without a session");
  return broken;
}

}  // namespace tandemq
