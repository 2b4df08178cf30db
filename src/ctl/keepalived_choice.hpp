// keepalived_choice: what the keepalived.conf of a node says, from its settings, from what the
// operator has added, and from the addresses of the machine: clients come in where the network of
// the virtual IP is. Pure.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "ctl/network.hpp"
#include "failover/keepalived_config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tandemq {

// What the operator has said; empty or 0: nothing.
struct KeepalivedWords {
  std::string interface = {};
  std::string own_ip = {};
  std::string peer_ip = {};
  std::uint32_t router_id = 0;
};

// The error says which key or option is missing.
Result<KeepalivedConfig> keepalived_choice(const Config& config, const KeepalivedWords& words,
                                           const std::vector<NetworkAddress>& here);

}  // namespace tandemq
