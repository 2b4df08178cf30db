// NodeState: what one node knows and the log does not hold, in a small file `node.state` of
// data.dir: who it is, the highest term it has seen, what it was last. Written whole by temp file,
// fsync, rename, fsync of the folder, so that it is the old one or the new one.
//
//   8 bytes "TQNODE" 0 format | fields | u64 checksum of all before
//
// A term stands here before the node answers anybody in it. Plain values; the core's thread.
#pragma once

#include "base/result.hpp"
#include "journal/record.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tandemq {

struct NodeState {
  enum class Role : std::uint8_t { standby, primary, solo };  // Solo: a primary without a standby.
  enum class Sync : std::uint8_t {
    none,
    receiving,   // An image comes into data.dir/store.image.
    installing,  // It is whole and verified, and is being put in the place of data.dir/store.
    installed,   // The data it replaced stand in data.dir/store.old until this node is in sync.
  };

  std::string cluster;
  std::string node;
  Term term_seen;
  Role role = Role::standby;
  bool outdated = false;  // The primary has gone on without this node.
  Sync sync = Sync::none;
  bool operator==(const NodeState&) const = default;
};

std::string encode(const NodeState& state);
// The error says what is wrong with the bytes.
Result<NodeState> decode_node_state(ByteView bytes);

// Nothing: there is no such file yet. An error names the file and says what to do.
Result<std::optional<NodeState>> read_node_state(const std::string& folder);
// Durable when it returns.
Result<void> write_node_state(const std::string& folder, const NodeState& state);

// The number of a node in a Term: a checksum of its node.id, never 0.
std::uint64_t term_number_of(const std::string& node);
// Of this boot of the machine; an error if the kernel does not tell.
Result<std::string> boot_id();

}  // namespace tandemq
