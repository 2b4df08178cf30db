#include "config/check.hpp"

#include "config/listener_url.hpp"
#include "config/options.hpp"
#include "config/sync_policy.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>

namespace tandemq {
namespace {

// sockaddr_un::sun_path of Linux has 108 bytes, one for the end.
constexpr std::size_t kUnixPathSizeMax = 107;
constexpr std::size_t kNodeIdSizeMax = 32;
constexpr std::size_t kClusterIdSizeMax = 255;  // Its size is one byte between the nodes.
// A dead letter has the prefix before its own topic.
constexpr std::size_t kDeadLetterTopicSizeMax = 1'024;

bool is_ip_address(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

class Checker {
 public:
  explicit Checker(const Config& config) : config_(config) {}

  std::vector<Finding> run() {
    check_names();
    check_http();
    check_topics();
    check_listeners();
    check_logins();
    check_sizes();
    check_store();
    check_replication();
    check_failover();
    check_gateways();
    check_heartbeat();
    return std::move(findings_);
  }

 private:
  void error(std::string text) { findings_.push_back({Finding::Weight::error, std::move(text)}); }
  void warning(std::string text) {
    findings_.push_back({Finding::Weight::warning, std::move(text)});
  }

  void check_names() {
    if (config_.data_dir.empty()) error("data.dir is empty, it has to name a folder");
    const std::string& id = config_.node_id;
    const bool sound =
        !id.empty() && id.size() <= kNodeIdSizeMax && std::all_of(id.begin(), id.end(), [](char c) {
          return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
        });
    if (!sound) error("node.id = '" + id + "': expected 1 to 32 letters, digits, '-' or '_'");
    const std::string& cluster = config_.cluster_id;
    if (cluster.empty() || cluster.size() > kClusterIdSizeMax)
      error("cluster.id = '" + cluster + "': expected a text of 1 to 255 bytes");
    const std::string& path = config_.admin_socket;
    if (path.empty() || path.size() > kUnixPathSizeMax)
      error("admin.socket = '" + path + "': expected a path of 1 to 107 bytes");
  }

  void check_http() {
    const std::string& value = config_.admin_http;
    check_address("admin.http", value, 0);
    const auto address = parse_host_port(value);
    if (address && !is_loopback(address->host) && config_.admin_http_token_file.empty())
      error("admin.http = '" + value +
            "': HOST has to be a loopback address, such as 127.0.0.1, because whoever reaches it "
            "can read all of it; or set admin.http_token_file");
    const std::string& to = config_.audit.to;
    if (to != "none" && to != "stderr" && to != "journal" && !to.starts_with('/'))
      error("audit.to = '" + to +
            "': expected none, stderr, journal, or a path that begins with /");
  }

  void check_topics() {
    const std::string& prefix = config_.mqtt.dead_letter_topic;
    if (prefix.find_first_of("+#") != std::string::npos)
      error("mqtt.dead_letter_topic = '" + prefix + "': a topic holds neither + nor #");
    if (prefix.starts_with('$'))
      error("mqtt.dead_letter_topic = '" + prefix + "': topics that begin with $ are the server's");
    if (prefix.size() > kDeadLetterTopicSizeMax)
      error("mqtt.dead_letter_topic: expected at most 1024 bytes, it has " +
            std::to_string(prefix.size()));
  }

  void check_listeners() {
    const auto& listeners = config_.listeners;
    for (auto listener = listeners.begin(); listener != listeners.end(); ++listener) {
      const bool twice =
          std::any_of(listeners.begin(), listener, [&](const ListenerConfig& earlier) {
            return earlier.host == listener->host && earlier.port == listener->port &&
                   earlier.unix_path == listener->unix_path;
          });
      if (twice && (listener->port != 0 || !listener->unix_path.empty()))
        error("listener = '" + listener->url + "': another listener has this address");
    }
  }

  void check_logins() {
    const auto& listeners = config_.listeners;
    const AuthConfig& auth = config_.auth;
    const auto asks = [](const ListenerConfig& listener) {
      return listener.tls && (listener.tls->cert.empty() ||
                              listener.tls->client_certificate == ClientCertificate::required);
    };
    const auto names_users = [](const ListenerConfig& listener) {
      if (listener.proxy_user) return true;
      if (!listener.tls) return false;
      return (!listener.tls->psk.empty() ||
              listener.tls->client_certificate != ClientCertificate::none) &&
             listener.tls->user_from != UserFrom::none;
    };
    const auto open = std::find_if(
        listeners.begin(), listeners.end(),
        [&](const ListenerConfig& listener) { return !is_local(listener) && !asks(listener); });
    if (auth.anonymous == "true" && open != listeners.end())
      warning("auth.anonymous = true: anyone who reaches '" + open->url + "' can connect");
    check_tokens();
    if (!auth.password_file.empty() || !auth.jwt_keys.empty() || !auth.http_url.empty()) return;
    const std::string none =
        "auth.anonymous = " + auth.anonymous + " and no auth.password_file or auth.jwt_keys: ";
    if (auth.anonymous == "false" && std::none_of(listeners.begin(), listeners.end(), names_users))
      warning(none + "nobody can connect");
    const auto closed =
        std::find_if(listeners.begin(), listeners.end(), [&](const ListenerConfig& listener) {
          return !is_local(listener) && !names_users(listener);
        });
    if (auth.anonymous == "loopback" && closed != listeners.end())
      warning(none + "nobody can connect to '" + closed->url + "'");
  }

  void check_tokens() {
    const AuthConfig& auth = config_.auth;
    if (auth.jwt_user_claim.empty())
      error("auth.jwt_user_claim is empty, it has to name a claim, such as sub");
    if (auth.jwt_keys.empty() && !(auth.jwt_issuer.empty() && auth.jwt_audience.empty()))
      warning("auth.jwt_issuer and auth.jwt_audience are not used without auth.jwt_keys");
    if (auth.jwt_keys.empty() && !auth.jwt_roles_claim.empty())
      warning("auth.jwt_roles_claim is not used without auth.jwt_keys");
    if (auth.acl_file.empty() && !auth.jwt_roles_claim.empty())
      warning("auth.jwt_roles_claim is not used without auth.acl_file: everyone may do everything");
  }

  void check_sizes() {
    const LimitsConfig& limits = config_.limits;
    if (limits.outbox_bytes < limits.max_packet_size)
      warning("limits.outbox_bytes (" + shown("limits.outbox_bytes") +
              ") is less than limits.max_packet_size (" + shown("limits.max_packet_size") +
              "): the largest messages can be sent to the broker but not on to a client");
    if (limits.max_queued_bytes < limits.max_packet_size)
      warning("limits.max_queued_bytes (" + shown("limits.max_queued_bytes") +
              ") is less than limits.max_packet_size (" + shown("limits.max_packet_size") +
              "): the largest messages do not fit into an empty queue");
  }

  void check_store() {
    const StoreConfig& store = config_.store;
    if (const auto sync = parse_sync_policy(store.sync); !sync) error(sync.error().text);
    if (store.floor_bytes > store.low_bytes)
      error("store.floor_bytes (" + shown("store.floor_bytes") +
            ") is more than store.low_bytes (" + shown("store.low_bytes") +
            "): the node would not start where it still served");
    if (store.in_memory)
      warning("store.in_memory = true: every session and message is gone when the process ends");
    if (store.in_memory && !store.archive_dir.empty())
      warning(
          "store.archive_dir is not used with store.in_memory = true: there is nothing to keep");
  }

  void check_replication() {
    const ReplicationConfig& replication = config_.replication;
    check_address("replication.listen", replication.listen, 0);
    check_address("replication.peer", replication.peer, 1);
    check_tls();
    if (replication.listen.empty() && replication.peer.empty()) return;
    if (replication.listen.empty())
      error("replication.peer is set and replication.listen is not: both nodes have both");
    if (replication.peer.empty())
      error("replication.listen is set and replication.peer is not: both nodes have both");
    if (replication.secret_file.empty() && replication.tls_cert.empty())
      error(
          "replication.listen would be an open door: make a secret with "
          "'openssl rand -hex 32 > FILE', copy it to both nodes and set "
          "replication.secret_file = FILE, or set replication.tls.cert, key and ca");
    if (config_.store.in_memory)
      error(
          "store.in_memory = true cannot be replicated: remove it, or replication.listen and "
          "replication.peer");
  }

  void check_failover() {
    const FailoverConfig& failover = config_.failover;
    const ReplicationConfig& replication = config_.replication;
    if (failover.policy == FailoverPolicy::fence && failover.fence_command.empty())
      error("failover.policy = 'fence': set failover.fence_command, which ends the other node");
    if (failover.policy == FailoverPolicy::gateway && failover.gateways.empty())
      error("failover.policy = 'gateway': set failover.gateway, an address that answers a ping");
    if (failover.silent_ms < 2 * replication.heartbeat_ms)
      error("heartbeat.timeout_ms = '" + std::to_string(failover.silent_ms) +
            "': expected twice heartbeat.interval_ms or more, which is " +
            std::to_string(replication.heartbeat_ms));
    // What no policy acts upon may stand as it likes.
    if (failover.policy != FailoverPolicy::manual && !replication.peer.empty() &&
        failover.silent_ms >= replication.timeout_ms)
      error("heartbeat.timeout_ms = '" + std::to_string(failover.silent_ms) +
            "': expected less than replication.timeout_ms, which is " +
            std::to_string(replication.timeout_ms));
    if (!failover.vip_claim_file.empty() && failover.vip_role_file.empty())
      error("vip.claim_file is set and vip.role_file is not: keepalived reads both");
    if (!failover.vip_command.empty() && failover.vip_address.empty())
      error("vip.command is set and vip.address is not: there is nothing to move");
  }

  void check_gateways() {
    const FailoverConfig& failover = config_.failover;
    const bool asked =
        failover.policy == FailoverPolicy::gateway || failover.policy == FailoverPolicy::automatic;
    if (failover.gateways.empty()) return;
    if (!asked) warning("failover.gateway is not used with this failover.policy");
    for (const std::string& gateway : failover.gateways)
      if (!is_ip_address(gateway))
        error("failover.gateway = '" + gateway +
              "': expected an IPv4 or IPv6 address; a name cannot be looked up without a network");
    if (asked && config_.replication.timeout_ms < 2 * failover.silent_ms)
      error("replication.timeout_ms = '" + std::to_string(config_.replication.timeout_ms) +
            "': with failover.gateway expected twice heartbeat.timeout_ms or more, which is " +
            std::to_string(failover.silent_ms));
  }

  void check_heartbeat() {
    const FailoverConfig& failover = config_.failover;
    check_address("heartbeat.listen", failover.heartbeat_listen, 0);
    check_address("heartbeat.peer", failover.heartbeat_peer, 1);
    if (failover.heartbeat_listen.empty() && failover.heartbeat_peer.empty()) return;
    if (failover.heartbeat_listen.empty())
      error("heartbeat.peer is set and heartbeat.listen is not: both nodes have both");
    if (failover.heartbeat_peer.empty())
      error("heartbeat.listen is set and heartbeat.peer is not: both nodes have both");
    if (failover.heartbeat_listen == failover.heartbeat_peer)
      error("heartbeat.peer = '" + failover.heartbeat_peer +
            "': this is the address of this node, expected that of the other one");
    if (config_.replication.peer.empty())
      error("heartbeat.peer is set and replication.peer is not: there is nobody to hear");
    if (config_.replication.secret_file.empty())
      error(
          "heartbeat.listen would be an open door: set replication.secret_file too, because TLS "
          "does not protect datagrams");
  }

  void check_address(std::string_view key, const std::string& value, std::uint16_t port_min) {
    if (value.empty()) return;
    const auto address = parse_host_port(value);
    if (!address) return error(std::string(key) + " = " + address.error().text);
    if (address->port < port_min)
      error(std::string(key) + " = '" + value + "': expected a PORT from 1 to 65535");
  }

  void check_tls() {
    const ReplicationConfig& replication = config_.replication;
    const std::array files = {std::pair("replication.tls.cert", &replication.tls_cert),
                              std::pair("replication.tls.key", &replication.tls_key),
                              std::pair("replication.tls.ca", &replication.tls_ca)};
    const auto is_set = [](const auto& file) { return !file.second->empty(); };
    if (std::none_of(files.begin(), files.end(), is_set)) return;
    for (const auto& file : files)
      if (!is_set(file))
        error(std::string(file.first) + " is empty: TLS between the nodes needs cert, key and ca");
  }

  std::string shown(std::string_view key) const { return value_of(config_, *find_option(key)); }

  const Config& config_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_config(const Config& config) {
  return Checker(config).run();
}

}  // namespace tandemq
