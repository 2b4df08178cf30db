// CommitLevel: who has to have a record before somebody may rely on it, from the least to the most;
// what is committed at one level is committed at all that stand before it. A node has one level
// (replication.mode); an acknowledgement may ask for another one (`ack`), see docs/DURABILITY.md.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tandemq {

enum class CommitLevel : std::uint8_t {
  memory,    // Nobody: this process knows it.
  async,     // This node has written it, and the standby is not too far behind.
  local,     // It is on the disk of this node, or the standby has it as the node's level asks.
  received,  // The standby has it in memory.
  written,   // Both nodes have written it.
  flushed,   // It is on the disks of both.
};
inline constexpr std::size_t kCommitLevels = 6;

constexpr std::size_t index(CommitLevel level) {
  return static_cast<std::size_t>(level);
}

}  // namespace tandemq
