// The numbers by which floors refer to things they do not own. Each is a type of its own, so that
// one cannot be passed for another.
#pragma once

#include <cstdint>

namespace tandemq {

// A session of a client. Dense and reused after the session has ended; chosen by the primary and
// carried in the log, so it is the same on both nodes.
enum class SessionId : std::uint32_t { none = 0 };

// A message that the log holds. Rises by one a message and is never reused; none means that the
// message is not in the log (QoS 0, or only for sessions that end with their connection).
enum class MessageId : std::uint64_t { none = 0 };

// A network connection of this process, never reused. It names the sink that owns the connection
// (a net thread, or the admin server), the slot there, and how many connections the slot has seen,
// so that owner and core find theirs without hashing and a late message finds nobody.
//   bits 63..56 sink | 55..24 generation, from 1 | 23..0 slot
enum class ConnectionId : std::uint64_t { none = 0 };

constexpr std::uint32_t index(SessionId id) {
  return static_cast<std::uint32_t>(id);
}
constexpr std::uint64_t number(MessageId id) {
  return static_cast<std::uint64_t>(id);
}
constexpr std::uint64_t number(ConnectionId id) {
  return static_cast<std::uint64_t>(id);
}

constexpr std::uint32_t kConnectionSlotsMax = 1U << 24U;  // A sink.

constexpr ConnectionId make_connection_id(std::uint8_t sink, std::uint32_t generation,
                                          std::uint32_t slot) {
  return static_cast<ConnectionId>((std::uint64_t{sink} << 56U) |
                                   (std::uint64_t{generation} << 24U) | slot);
}
constexpr std::uint8_t connection_sink(ConnectionId id) {
  return static_cast<std::uint8_t>(number(id) >> 56U);
}
constexpr std::uint32_t connection_slot(ConnectionId id) {
  return static_cast<std::uint32_t>(number(id)) & (kConnectionSlotsMax - 1);
}

}  // namespace tandemq
