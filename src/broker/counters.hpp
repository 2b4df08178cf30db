// Counters: what happened since the start, for $SYS, `status` and the metrics. They only rise.
// Owned by the broker's World; core thread.
#pragma once

#include "base/commit_level.hpp"

#include <array>
#include <cstdint>

namespace tandemq {

struct Counters {
  std::uint64_t packets_received = 0;
  std::array<std::uint64_t, 3> messages_received{};         // PUBLISH from clients, by QoS.
  std::array<std::uint64_t, 3> messages_sent{};             // PUBLISH to clients, by QoS.
  std::array<std::uint64_t, kCommitLevels> acknowledged{};  // PUBACK and PUBREC, by their level.
  std::uint64_t bytes_received = 0;                         // Payload of those PUBLISHes.
  std::uint64_t bytes_sent = 0;
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_accepted = 0;  // CONNACK with success.
  std::uint64_t connections_refused = 0;   // CONNACK with an error, or no CONNECT at all.
  std::uint64_t logins_failed = 0;         // A wrong password, token or proof.
  std::uint64_t logins_paused = 0;         // Refused unheard, for too many had failed.
  std::uint64_t takeovers = 0;
  std::uint64_t sessions_expired = 0;
  std::uint64_t protocol_errors = 0;
  std::uint64_t publishers_blocked = 0;
  std::uint64_t batches = 0;
  std::uint64_t table_rows = 0;  // Given to the tables, or deleted there.
};

}  // namespace tandemq
