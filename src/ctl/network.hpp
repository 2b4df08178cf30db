// network: the addresses of this machine's interfaces, as the kernel lists them, and how two
// addresses relate. Called by main, its thread.
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace tandemq {

struct NetworkAddress {
  std::string interface;
  std::string address;  // IPv4 or IPv6, as text.
  unsigned prefix = 0;
};

Result<std::vector<NetworkAddress>> network_addresses();

// "192.0.2.10/24" without its prefix.
std::string without_prefix(const std::string& address);
// Whether both are addresses of one family whose first `prefix` bits are the same.
bool same_network(const std::string& one, const std::string& other, unsigned prefix);
bool same_address(const std::string& one, const std::string& other);

}  // namespace tandemq
