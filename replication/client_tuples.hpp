// ClientTuples and ClientMirror: the clients of the primary as the ends of their TCP connections,
// there and at the standby, which has them when it takes over (failover/wake.hpp). They go over the
// link as Ephemeral frames in pieces, behind what replication has to send, and never into the log.
// Neither knows more of a client. Pure; core thread.
#pragma once

#include "base/four_tuple.hpp"
#include "replication/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace tandemq {

// About 30 MB; clients beyond it are not known, and wait for their keep-alive.
inline constexpr std::size_t kTuplesMax = 262'144;

// Of the primary.
class ClientTuples {
 public:
  static constexpr std::size_t kPieceMax = 1'024;  // Clients of one frame.

  void opened(std::uint64_t client, const FourTuple& tuple);
  void closed(std::uint64_t client);

  void begin();  // A standby has connected that takes the frames.
  void end();    // It has gone.
  // What it does not know yet; nothing: it knows all.
  [[nodiscard]] std::optional<Ephemeral> take_piece();
  [[nodiscard]] std::size_t size() const { return here_.size(); }

 private:
  std::map<std::uint64_t, FourTuple> here_;
  std::set<std::uint64_t> untold_;  // Opened or closed since it was told.
  bool told_ = false;               // There is somebody to tell,
  bool begins_ = false;             // who has heard nothing.
};

// Of the standby. What it has stays when the link is lost: that is when it is needed.
class ClientMirror {
 public:
  void take(const Ephemeral& piece);
  [[nodiscard]] std::vector<FourTuple> all() const;
  [[nodiscard]] std::size_t size() const { return here_.size(); }

 private:
  std::map<std::uint64_t, FourTuple> here_;
};

}  // namespace tandemq
