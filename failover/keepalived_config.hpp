// keepalived_config: the whole keepalived.conf of one node, explained line by line to who operates
// it. etc/keepalived.conf.a and .b are what it makes of the addresses of the documentation.
// Plain values; any thread.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>

namespace tandemq {

struct KeepalivedConfig {
  std::string node;              // node.id
  std::string interface;         // Where the clients are.
  std::string own_address;       // Of this node on it,
  std::string peer_address;      // and of the other node.
  std::string vip;               // With its prefix; of the same family as the two.
  std::uint32_t router_id = 83;  // 1 to 255; another one for each pair in a network.
  std::string role_file;         // vip.role_file
  std::string claim_file;        // vip.claim_file
};

// The error names the field and says what is allowed.
Result<std::string> keepalived_config(const KeepalivedConfig& config);

}  // namespace tandemq
