// ClientRoll: which clients are connected, as the ends of their TCP connections, from the hubs to
// the link to the standby. It decides nothing.
// Owned by node; the core thread, but for opened() and closed(), which any thread may call.
#pragma once

#include "base/ids.hpp"
#include "base/mailbox.hpp"
#include "replication/client_tuples.hpp"
#include "replication/peer_link.hpp"

#include <optional>
#include <vector>

namespace tandemq {

class ClientRoll {
 public:
  ClientRoll();

  void opened(ConnectionId client, const FourTuple& tuple);
  void closed(ConnectionId client);

  void begin() { tuples_.begin(); }  // A standby has connected.
  void end() { tuples_.end(); }
  // What the standby does not know, as far as the link takes it without a queue. Null: there is
  // none.
  void tell(PeerLink* link);

 private:
  struct Change {
    ConnectionId client{};
    std::optional<FourTuple> tuple;  // Of one that was opened.
  };

  Mailbox<Change> changes_;
  std::vector<Change> drained_;  // Kept for its capacity.
  ClientTuples tuples_;
};

}  // namespace tandemq
