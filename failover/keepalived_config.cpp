#include "failover/keepalived_config.hpp"

#include <string_view>

namespace tandemq {
namespace {

constexpr std::uint32_t kRouterIdMax = 255;
constexpr std::size_t kInterfaceSizeMax = 15;

// %NAME% stands for a value.
constexpr std::string_view kText =
    R"(# keepalived.conf of node %node%, for /etc/keepalived/keepalived.conf.
# keepalived moves the virtual IP; tandemqd decides which node may hold it, and says so in a file.
# See docs/OPERATIONS.md.

global_defs {
    # What keepalived calls this node in its log.
    router_id %node%
    # Version 3 of VRRP has intervals below a second.
    vrrp_version 3
    # Before all others when the machine is busy: it works with tenths of a second.
    vrrp_priority -20

    # Where the folder of the role file does not exist when keepalived starts, keepalived forgets
    # the file and takes the virtual IP whatever tandemqd says. So it makes the folder.
    script_user root
    enable_script_security
    startup_script "/bin/mkdir -p -m 0755 %folders%"
}

# vip.role_file of tandemqd: 1, this node may hold the virtual IP; 0, it may not. No file, or no
# number in it, is a 0, and that is what "weight 0 reverse" does: without "reverse" a node
# whose tandemqd is dead would take the virtual IP.
track_file tandemq_role {
    file "%role_file%"
    weight 0 reverse
}

# vip.claim_file of tandemqd: 50 from when this node takes over until the other one follows it, so
# that one that hangs and does not let go is outbid; otherwise 0. It is added to the priority.
track_file tandemq_claim {
    file "%claim_file%"
    weight 1
}

vrrp_instance tandemq {
    # Nobody begins with the virtual IP. There is no "nopreempt": who claims must get it.
    state BACKUP
    interface %interface%
    # The same number on both nodes, and on no other pair in this network.
    virtual_router_id %router_id%
    # The same on both nodes: the role files decide.
    priority 200

    # Every 100 ms who holds the virtual IP says so; once unheard is enough for the other one to
    # take it, because only a node whose role file says 1 listens. The same on both nodes.
    advert_int 0.1
    down_timer_adverts 1

    # To the other node alone, not to the whole network; and heard from it alone.
    unicast_src_ip %own_address%
    unicast_peer {
        %peer_address%
    }
    check_unicast_src

    track_file {
        tandemq_role
        tandemq_claim
    }

    # What the clients connect to; vip.address of tandemqd.
    virtual_ipaddress {
        %vip%
    }
}
)";

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string folders_of(const KeepalivedConfig& config) {
  const std::string role = folder_of(config.role_file);
  const std::string claim = folder_of(config.claim_file);
  return role == claim ? role : role + " " + claim;
}

// What is a word to keepalived: no end of it, no quote, no comment.
bool is_word(std::string_view text) {
  if (text.empty()) return false;
  return text.find_first_of(" \t\r\n\"'{}!#\\") == std::string_view::npos;
}

bool is_v6(const std::string& address) {
  return address.find(':') != std::string::npos;
}

Result<void> check_word(const char* field, const std::string& value) {
  if (is_word(value)) return {};
  return failure(std::string(field) + " = '" + value +
                 "': expected a text without blanks, quotes, braces, # and !");
}

Result<void> check_path(const char* field, const std::string& path) {
  if (is_word(path) && path.starts_with('/') && !path.ends_with('/')) return {};
  return failure(std::string(field) + " = '" + path +
                 "': expected the whole path of a file, without blanks and quotes");
}

Result<void> check_addresses(const KeepalivedConfig& config) {
  if (config.own_address == config.peer_address)
    return failure("own address and peer address are both '" + config.own_address +
                   "': expected those of two machines");
  if ((config.own_address + config.peer_address).find('/') != std::string::npos)
    return failure("own address = '" + config.own_address + "', peer address = '" +
                   config.peer_address + "': expected addresses without a prefix");
  const bool v6 = is_v6(config.vip);
  if (is_v6(config.own_address) == v6 && is_v6(config.peer_address) == v6) return {};
  return failure("vip.address = '" + config.vip + "' with nodes at " + config.own_address +
                 " and " + config.peer_address +
                 ": keepalived wants all three to be IPv4, or all IPv6");
}

Result<void> check(const KeepalivedConfig& config) {
  Result<void> result = check_word("node.id", config.node);
  if (result) result = check_word("interface", config.interface);
  if (result && config.interface.size() > kInterfaceSizeMax)
    return failure("interface = '" + config.interface + "': expected at most 15 characters");
  if (result) result = check_word("own address", config.own_address);
  if (result) result = check_word("peer address", config.peer_address);
  if (result) result = check_word("vip.address", config.vip);
  if (result) result = check_addresses(config);
  if (result && (config.router_id == 0 || config.router_id > kRouterIdMax))
    return failure("router id = " + std::to_string(config.router_id) + ": expected 1 to 255");
  if (result) result = check_path("vip.role_file", config.role_file);
  if (result) result = check_path("vip.claim_file", config.claim_file);
  return result;
}

std::string value_of(std::string_view name, const KeepalivedConfig& config) {
  if (name == "node") return config.node;
  if (name == "interface") return config.interface;
  if (name == "own_address") return config.own_address;
  if (name == "peer_address") return config.peer_address;
  if (name == "vip") return config.vip;
  if (name == "router_id") return std::to_string(config.router_id);
  if (name == "role_file") return config.role_file;
  if (name == "claim_file") return config.claim_file;
  return folders_of(config);
}

}  // namespace

Result<std::string> keepalived_config(const KeepalivedConfig& config) {
  if (const auto sound = check(config); !sound) return tl::unexpected(sound.error());
  std::string text;
  std::string_view rest = kText;
  while (!rest.empty()) {
    const std::size_t begin = rest.find('%');
    text += rest.substr(0, begin);
    if (begin == std::string_view::npos) break;
    const std::size_t end = rest.find('%', begin + 1);
    text += value_of(rest.substr(begin + 1, end - begin - 1), config);
    rest.remove_prefix(end + 1);
  }
  return text;
}

}  // namespace tandemq
