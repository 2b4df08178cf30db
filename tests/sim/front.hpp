// Front: the clients' connections to one broker process: what the network threads do (net/hub),
// with Links in the place of sockets.
// Owned by a simulation; ends with the process.
#pragma once

#include "core/primary.hpp"
#include "tests/sim/link.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace tandemq::sim {

class Front {
 public:
  Link& open();
  // What has come to the broker of one connection, as events.
  static void feed(Primary& primary, Link& link, std::size_t count, Instant now);
  void carry_out(Outputs& outputs);
  // Those that both sides know to be gone.
  void forget_gone();

  [[nodiscard]] const std::vector<std::unique_ptr<Link>>& links() const { return links_; }

 private:
  static void put_down(Link& link, Output& output, const Outputs& outputs);

  std::vector<std::unique_ptr<Link>> links_;
  std::vector<Link*> by_slot_;  // Null once it is gone.
};

}  // namespace tandemq::sim
