// heartbeat_frame: one datagram of the second path between the nodes, as a value and as bytes.
//
//   8 bytes "TQBEAT" 0 version | u64 cluster | u64 node | u64 incarnation | u64 sequence
//   | u64 incarnation, u64 sequence of the datagram it answers | u64 counter, u64 node of a term
//   | u8 flags | u64 asks | u64 noted | 32 bytes tag
//
//   cluster  checksum of cluster.id       flags  1 leads, 2 in sync, 4 outdated
//   tag      HMAC-SHA256(key, all before); key = HMAC-SHA256(secret, "tandemq heartbeat")
//
// Numbers are big-endian. The tag says who has sent it, not when: heartbeat.hpp judges that.
// Pure values.
#pragma once

#include "access/digest.hpp"
#include "base/result.hpp"
#include "base/wire.hpp"
#include "journal/term.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tandemq {

inline constexpr std::uint8_t kHeartbeatVersion = 1;
inline constexpr std::size_t kHeartbeatSize = 8 + 8 * 8 + 1 + 2 * 8 + kSha256Size;

struct HeartbeatFrame {
  // A datagram of somebody; incarnation 0: none.
  struct Number {
    std::uint64_t incarnation = 0;  // Random, of the process.
    std::uint64_t sequence = 0;     // From 1, and rising.
    bool operator==(const Number&) const = default;
  };

  std::uint64_t cluster = 0;
  std::uint64_t node = 0;  // As in a Term.
  Number number;
  Number answers;  // The last one that the sender has taken.
  Term term;       // In which it leads, or the highest that it has seen.
  bool leads = false;
  bool in_sync = false;
  bool outdated = false;
  std::uint64_t asks = 0;   // See Beat.
  std::uint64_t noted = 0;  // The same of the node whose datagram it answers.
  bool operator==(const HeartbeatFrame&) const = default;
};

// Signs and checks under the key that follows from the secret of the cluster.
class HeartbeatCodec {
 public:
  explicit HeartbeatCodec(std::string_view secret);

  [[nodiscard]] std::string encode(const HeartbeatFrame& frame);
  // The error says what is wrong with the bytes, or that the secret is another one.
  [[nodiscard]] Result<HeartbeatFrame> decode(ByteView bytes);

 private:
  HmacSha256 hmac_;
};

std::uint64_t cluster_number_of(std::string_view cluster_id);

}  // namespace tandemq
