#include "ctl/keepalived_choice.hpp"

#include "config/listener_url.hpp"

#include <algorithm>

namespace tandemq {
namespace {

std::string host_of(const std::string& address) {
  const auto parsed = parse_host_port(address);
  return parsed ? parsed->host : std::string();
}

// Where the clients are: beside the virtual IP; or else where the other node is.
const NetworkAddress* find_own(const Config& config, const KeepalivedWords& words,
                               const std::vector<NetworkAddress>& here) {
  const std::string vip = without_prefix(config.failover.vip_address);
  const std::string listen = host_of(config.replication.listen);
  const auto is_meant = [&](const NetworkAddress& one) {
    return (words.interface.empty() || one.interface == words.interface) &&
           (words.own_ip.empty() || same_address(one.address, words.own_ip)) &&
           !same_address(one.address, vip);
  };
  const auto is_beside = [&](const NetworkAddress& one) {
    return is_meant(one) && same_network(one.address, vip, one.prefix);
  };
  auto found = std::find_if(here.begin(), here.end(), is_beside);
  if (found == here.end())
    found = std::find_if(here.begin(), here.end(), [&](const NetworkAddress& one) {
      const bool is_named = !words.own_ip.empty() || same_address(one.address, listen);
      return is_meant(one) && is_named && same_network(one.address, vip, 0);
    });
  return found == here.end() ? nullptr : &*found;
}

Result<void> check_keys(const FailoverConfig& config) {
  const auto missing = [](const char* key, const char* example) {
    return failure(std::string(key) + " is not set: keepalived and tandemqd need it, such as " +
                   key + " = " + example);
  };
  if (config.vip_address.empty()) return missing("vip.address", "192.0.2.10/24");
  if (config.vip_role_file.empty()) return missing("vip.role_file", "/run/tandemq/role");
  if (config.vip_claim_file.empty()) return missing("vip.claim_file", "/run/tandemq/claim");
  return {};
}

}  // namespace

Result<KeepalivedConfig> keepalived_choice(const Config& config, const KeepalivedWords& words,
                                           const std::vector<NetworkAddress>& here) {
  if (const auto checked = check_keys(config.failover); !checked)
    return tl::unexpected(checked.error());
  KeepalivedConfig choice;
  choice.node = config.node_id;
  choice.vip = config.failover.vip_address;
  choice.role_file = config.failover.vip_role_file;
  choice.claim_file = config.failover.vip_claim_file;
  if (words.router_id != 0) choice.router_id = words.router_id;
  choice.interface = words.interface;
  choice.own_address = words.own_ip;
  const NetworkAddress* own = find_own(config, words, here);
  if (own != nullptr) {
    choice.interface = own->interface;
    choice.own_address = own->address;
  }
  if (choice.interface.empty() || choice.own_address.empty())
    return failure("no address of this machine is in the network of vip.address = " + choice.vip +
                   ": name where the clients are with --interface and --own-ip");
  choice.peer_address = words.peer_ip;
  const std::string peer = host_of(config.replication.peer);
  const bool is_near = own == nullptr || same_network(peer, own->address, own->prefix);
  if (choice.peer_address.empty() && is_near && same_network(peer, choice.own_address, 0))
    choice.peer_address = peer;
  if (choice.peer_address.empty())
    return failure("the address of the other node beside " + choice.own_address +
                   " is not known, for replication.peer = '" + config.replication.peer +
                   "' is none: name it with --peer-ip");
  return choice;
}

}  // namespace tandemq
