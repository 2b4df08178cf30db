// Publisher and Subscriber: the two ends of the load's conversations, their QoS handshakes and
// their counts. They act on frames; the scenario decides when. Owner: traffic.cpp; one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "tests/bench/client.hpp"
#include "tests/bench/packets.hpp"
#include "tests/bench/settings.hpp"

namespace tandemq {

class Publisher {
 public:
  Publisher(Client connected, const Settings& settings, std::uint32_t index,
            std::uint32_t subscribers_count);

  void append(std::int64_t stamp_ns);  // One message into the outbox.
  Result<void> accept(const FrameView& frame);
  void count_delivery() { ++deliveries_count_; }

  [[nodiscard]] std::uint32_t index() const { return index_; }
  [[nodiscard]] std::uint32_t sent_count() const { return sent_count_; }
  // Messages neither delivered to all subscribers (on average) nor, with QoS 1 and 2, acknowledged.
  [[nodiscard]] std::uint32_t outstanding_count() const;
  [[nodiscard]] std::uint32_t unacknowledged_count() const;

  Client client;

 private:
  PublishTemplate template_;
  std::uint32_t qos_;
  std::uint32_t index_;
  std::uint32_t subscribers_count_;
  std::uint32_t sent_count_ = 0;
  std::uint32_t acknowledged_count_ = 0;
  std::uint64_t deliveries_count_ = 0;
};

class Subscriber {
 public:
  // Hears from publishers_count publishers, the first of which is first_publisher.
  Subscriber(Client connected, const Settings& settings, std::uint32_t first_publisher,
             std::uint32_t publishers_count);

  // The message that the frame brought, or a stamp with sent_ns 0 when it brought none.
  Result<Stamp> accept(const FrameView& frame);

  [[nodiscard]] std::uint64_t lost_count(const std::vector<Publisher>& publishers) const;
  [[nodiscard]] std::uint64_t repeated_count() const { return repeated_count_; }

  Client client;

 private:
  void count(const Stamp& stamp);

  std::uint32_t version_;
  std::uint32_t first_publisher_;
  std::vector<std::uint32_t> next_sequences_;  // Of each publisher, the one expected next.
  std::uint64_t skipped_count_ = 0;
  std::uint64_t repeated_count_ = 0;  // Or older than one that came before.
};

}  // namespace tandemq
