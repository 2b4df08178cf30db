// outlook: what would become of the clients if the other node died now, as a sentence for the
// operator. It judges as classify() does and changes nothing. Pure values; any thread.
#pragma once

#include "failover/machine.hpp"

#include <string>

namespace tandemq::failover {

struct Outlook {
  bool serves = false;  // This node would serve them, and no operator has to do anything.
  std::string text;     // What this node would do: "takes over at once if ...".
};

Outlook outlook_of(Role role, const Facts& facts, const Settings& settings);

}  // namespace tandemq::failover
