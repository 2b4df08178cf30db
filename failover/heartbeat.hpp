// Heartbeat: what one node says and knows over the second path: it numbers what it says, answers
// what it has taken, and tells a sign of life from something that was recorded and is played back.
// The sequence numbers of one incarnation of the peer rise, and what does not answer this
// incarnation of ours counts for nothing; so a process that begins anew is believed when it has
// answered us once.
//
// Two times follow. heard_at: something of the peer came, so it lives. met_at: what it has answered
// was sent then, so at that time or later each heard the other one; whatever was delayed on the way
// or in a queue does not make it later.
//
// A primary that has lost its standby asks it to write down that it is outdated, once for each
// loss; the number of the loss comes back when that is on the disk (failover.md section 6).
// Knows no socket and no clock. Pure; owned by heartbeat_port, or by who simulates it.
#pragma once

#include "base/time.hpp"
#include "failover/heartbeat_frame.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace tandemq {

// What a node says of itself.
struct Beat {
  Term term;  // In which it leads, or the highest that it has seen.
  bool leads = false;
  bool in_sync = false;
  bool outdated = false;
  // Of a primary: the number of the loss after which its standby is to note that it is outdated.
  // 0: it need not.
  std::uint64_t asks = 0;
  bool operator==(const Beat&) const = default;
};

class Heartbeat {
 public:
  struct Identity {
    std::uint64_t cluster = 0;
    std::uint64_t node = 0;
    std::uint64_t incarnation = 0;  // Not 0.
  };
  struct Taken {
    bool counts = false;   // It is a sign of life; peer() is what it says.
    bool answers = false;  // Its sender waits for an answer, to be believed.
  };
  static constexpr std::size_t kSentKept = 256;

  Heartbeat(std::string_view secret, Identity us) : codec_(secret), us_(us) {}

  // The next datagram.
  std::string beat(const Beat& about_us, Instant now);
  // The error is for the log: somebody who does not belong here. What is late counts for nothing.
  Result<Taken> take(ByteView bytes, Instant now);

  // The last that counted; null: none yet.
  [[nodiscard]] const HeartbeatFrame* peer() const { return peer_ ? &*peer_ : nullptr; }
  [[nodiscard]] Instant heard_at() const { return heard_at_; }
  [[nodiscard]] Instant met_at() const { return met_at_; }

  // ---- Of a standby: whether the primary of `term` wants it to note that it is outdated, and that
  // this is on the disk.
  [[nodiscard]] bool is_asked(Term term) const;
  void note();
  // ---- Of a primary: the standby has noted that, after the loss of this number.
  [[nodiscard]] bool has_noted(std::uint64_t loss) const;

 private:
  struct Sent {
    std::uint64_t sequence = 0;
    Instant at;
  };
  using Number = HeartbeatFrame::Number;

  void meet(std::uint64_t sequence);

  HeartbeatCodec codec_;
  const Identity us_;
  std::uint64_t sequence_ = 0;
  std::deque<Sent> sent_;       // The last ones.
  std::uint64_t answered_ = 0;  // Our highest sequence that was answered.
  std::optional<HeartbeatFrame> peer_;
  std::optional<Number> stranger_;  // It waits for an answer.
  Number noted_;                    // The sequence is the number of the loss.
  Instant heard_at_;
  Instant met_at_;
};

}  // namespace tandemq
