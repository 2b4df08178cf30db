#include "session/state.hpp"

#include "base/checksum.hpp"
#include "session/rows.hpp"

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
  void add(std::uint64_t digest) { sum_ += digest; }
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
  kMessage = kMessageDigest,
  kRetained,
  kWill,
  kTerm,
  kCounts
};

void write_time(Writer& writer, Instant at) {
  writer.u64(static_cast<std::uint64_t>(at.ms));
}

void digest_delivery(DigestSum& sum, SessionId session, std::size_t i, const Delivery& delivery) {
  sum.add(kDelivery, [&](Writer& w) {
    w.u32(index(session));
    w.u32(static_cast<std::uint32_t>(i));
    w.u64(number(delivery.message_id()));
    w.u64(delivery.share);
    w.u64(delivery.sequence);
    w.u16(delivery.packet_id);
    w.u8(static_cast<std::uint8_t>(delivery.qos));
    w.u8(static_cast<std::uint8_t>(delivery.phase));
    w.u8(delivery.retain ? 1 : 0);
    if (delivery.subscription_ids)
      for (const std::uint32_t id : *delivery.subscription_ids) w.u32(id);
  });
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
  for (const std::uint16_t packet_id : session.incoming)
    sum.add(kIncoming, [&](Writer& w) { w.u32(index(session.id)), w.u16(packet_id); });
}

}  // namespace

std::uint64_t State::digest() const {
  DigestSum sum;
  for_each_session([&](const Session& session) {
    if (!session.durable) return;
    digest_session(sum, session, subscriptions_);
    for (std::size_t i = 0; i < session.outgoing.size(); ++i)
      digest_delivery(sum, session.id, i, session.outgoing[i]);
  });
  for (const auto& [id, stored] : messages_)
    sum.add(stored.body ? message_digest(*stored.body) : stored.digest);
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
  for (const TermBegin& begin : terms_) {
    sum.add(kTerm, [&](Writer& w) {
      w.u64(begin.term.counter);
      w.u64(begin.term.node);
      w.u64(begin.first);
    });
  }
  return sum.value();
}

std::uint64_t State::digest(std::size_t first, std::size_t last) const {
  DigestSum sum;
  for (std::size_t slot = first; slot < std::min(last, sessions_.size()); ++slot) {
    const Session* session = sessions_[slot].get();
    if (session == nullptr || !session->durable) continue;
    digest_session(sum, *session, subscriptions_);
    const std::size_t count = session->outgoing.size();
    sum.add(kCounts, [&](Writer& w) { w.u64(count); });
    for (std::size_t i = 0; i < count; ++i) {
      if (i == kDigestedEnds && count > 2 * kDigestedEnds) i = count - kDigestedEnds;
      const Delivery& delivery = session->outgoing[i];
      digest_delivery(sum, session->id, i, delivery);
      const StoredMessage* stored = delivery.stored;
      if (stored != nullptr) sum.add(stored->body ? message_digest(*stored->body) : stored->digest);
    }
  }
  sum.add(kCounts, [&](Writer& w) {
    w.u64(messages_.size());
    w.u64(number(next_message_id_));
    w.u64(retained_topics_.size());
    w.u64(retained_bytes_);
    w.u64(wills_.size());
    w.u64(terms_.empty() ? 0 : terms_.back().first);
  });
  return sum.value();
}

namespace {

// Collects sentences, and makes them only if something is wrong: a million sessions are checked
// before a node serves.
class Broken {
 public:
  template <class... Parts>
  void unless(bool holds, const Parts&... parts) {
    if (holds) return;
    std::string sentence;
    (sentence.append(parts), ...);
    sentences_.push_back(std::move(sentence));
  }
  std::vector<std::string> take() { return std::move(sentences_); }

 private:
  std::vector<std::string> sentences_;
};

void check_delivery(Broken& broken, const Session& session, std::size_t i) {
  const std::string& who = session.client_id;
  const Delivery& delivery = session.outgoing[i];
  const bool inflight = i < session.outgoing.inflight_count();
  const bool holds = delivery.stored != nullptr || delivery.volatile_message != nullptr;
  broken.unless(inflight == (delivery.phase != DeliveryPhase::queued), who, ": window is torn");
  broken.unless(inflight == (delivery.packet_id != 0), who, ": packet id outside the window");
  broken.unless((delivery.phase == DeliveryPhase::released) == !holds, who, ": message");
  broken.unless(!inflight || session.outgoing.find_inflight(delivery.packet_id) == i, who,
                ": a packet id twice");
  broken.unless(!session.durable || !delivery.volatile_message, who, ": not in the log");
  broken.unless(i == 0 || session.outgoing[i - 1].sequence < delivery.sequence, who,
                ": sequences do not rise");
}

}  // namespace

std::vector<std::string> State::check() const {
  Broken broken;
  for (const auto& [id, stored] : messages_) stored.counted = 0;
  std::uint64_t queued = 0;
  std::uint64_t inflight = 0;
  std::size_t durable = 0;
  std::size_t filters = 0;
  std::size_t sessions = 0;
  for_each_session([&](const Session& session) {
    const std::string& who = session.client_id;
    ++sessions;
    broken.unless(find_session(who) == &session, who, ": not found by its client id");
    filters += session.filters.size();
    queued += session.outgoing.queued_count();
    inflight += session.outgoing.inflight_count();
    if (session.durable) ++durable;
    for (const std::string& filter : session.filters)
      broken.unless(subscriptions_.find(filter, session.id) != nullptr, who,
                    ": not indexed: ", filter);
    broken.unless(std::is_sorted(session.incoming.begin(), session.incoming.end()), who,
                  ": incoming");
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < session.outgoing.size(); ++i) {
      const Delivery& delivery = session.outgoing[i];
      check_delivery(broken, session, i);
      if (delivery.phase == DeliveryPhase::queued) bytes += delivery.size();
      if (delivery.stored != nullptr) ++delivery.stored->counted;
    }
    broken.unless(bytes == session.outgoing.queued_bytes(), who, ": queued bytes are miscounted");
  });
  retained_topics_.for_each([&](std::string_view topic, std::uint32_t slot) {
    const MessageRef& message = retained_[slot];
    broken.unless(message && message->topic == topic, "retained: ", topic);
    const StoredMessage* held = message ? stored(message->id) : nullptr;
    broken.unless(held != nullptr, "retained, but gone: ", topic);
    if (held != nullptr) ++held->counted;
  });
  std::uint64_t body_bytes = 0;
  for (const auto& [id, stored] : messages_) {
    broken.unless(stored.counted == stored.references && stored.references > 0, "message ",
                  std::to_string(number(id)), ": references");
    broken.unless(stored.body || stored.tabled, "a body that is nowhere");
    if (stored.body) body_bytes += body_cost(stored);
  }
  broken.unless(queued == queued_count_, "the number of queued deliveries is miscounted");
  broken.unless(inflight == inflight_count_, "the number of deliveries in flight is miscounted");
  broken.unless(durable == durable_count_, "the number of durable sessions is miscounted");
  broken.unless(sessions == by_client_.size(), "a client id without a session");
  broken.unless(filters == subscriptions_.size(), "subscriptions without a session");
  broken.unless(body_bytes == body_bytes_, "the bytes of bodies are miscounted");
  return broken.take();
}

}  // namespace tandemq
