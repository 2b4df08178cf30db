// Outputs: what a step of the broker wants done outside. The gate holds them until their record is
// committed; then they go to the sink (net thread, admin server) that owns the connection, which
// carries them out in order. Plain values; move only.
#pragma once

#include "access/access.hpp"
#include "base/ids.hpp"
#include "journal/message.hpp"
#include "mqtt/packet.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tandemq {

// Forward a message. A topic alias is chosen by the sink, when it is sure that the packet is sent.
struct Deliver {
  static constexpr std::uint32_t kNoExpiry = UINT32_MAX;

  std::uint32_t body = 0;              // Index in Outputs::bodies.
  std::uint32_t expiry_s = kNoExpiry;  // What is left of the Message Expiry Interval.
  std::uint16_t packet_id = 0;
  mqtt::QoS qos{};
  bool retain = false;
  bool dup = false;
  std::vector<std::uint32_t> subscription_ids;
};

// From now on the connection speaks this version with these limits of the client; comes before the
// CONNACK that accepts it.
struct Accepted {
  mqtt::Version version{};
  std::uint16_t topic_alias_max = 0;  // Ours towards the client.
};

// Any packet that is neither a forwarded message nor an Ack.
using OtherPacket = std::unique_ptr<mqtt::Packet>;

// Stop or go on reading from the connection: its publisher waits for room in a queue.
struct ReadFrom {
  bool enabled = true;
};

// Run the check on a password worker and answer with PasswordChecked.
using CheckPassword = std::unique_ptr<PasswordCheck>;

// Answer with the event SentAll when everything put out before is with the kernel: the broker asks
// before it goes on with a long answer (retained messages).
struct NotifyWhenSent {};

// Send what was put out before, then close.
struct Close {
  std::string why;  // For the log.
};

using OutputAction = std::variant<Deliver, mqtt::Ack, OtherPacket, Accepted, ReadFrom,
                                  CheckPassword, NotifyWhenSent, Close>;

struct Output {
  Output() = default;
  // Makes the action in its place: moving a variant costs more than making one.
  template <class Action>
  Output(ConnectionId to, Action&& what)
      : connection(to),
        action(std::in_place_type<std::decay_t<Action>>, std::forward<Action>(what)) {}

  ConnectionId connection{};
  OutputAction action;
};

struct Outputs {
  std::vector<Output> list;
  std::vector<MessageRef> bodies;  // One reference a message, however many receivers it has.

  [[nodiscard]] bool empty() const { return list.empty(); }
  void clear() { list.clear(), bodies.clear(); }
};

}  // namespace tandemq
