// All settings as one tree of plain structs, units in the names. config/options.cpp fills it; every
// other floor reads the struct it is given at construction. No logic here beyond defaults.
#pragma once

#include "base/commit_level.hpp"
#include "config/ip_network.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tandemq {

// What happens to a new message when a session's queue is full. See etc/tandemq.conf.
enum class QueueFull : std::uint8_t { reject, drop_oldest, drop_newest, block };

// Whether a client of TLS has to show a certificate.
enum class ClientCertificate : std::uint8_t { none, optional, required };

// What of its certificate is the user name of a client; none: it only opens the door, as a shared
// key does then. Otherwise the identity of that is the name.
enum class UserFrom : std::uint8_t { none, cn, san, fingerprint };

struct ListenerTls {
  std::string cert;  // PEM, as the others: the chain, and its key; may be empty with `psk`.
  std::string key;
  std::string ca;   // Who signs the certificates of clients.
  std::string crl;  // Those of them that were revoked; empty: nobody asks.
  ClientCertificate client_certificate = ClientCertificate::none;
  UserFrom user_from = UserFrom::cn;
  bool only_tls13 = false;
  std::string ciphers;     // As OpenSSL writes them, those of TLS 1.3 too; empty: its defaults.
  std::string psk{};       // Keys that clients share with us; empty: none do.
  std::string psk_hint{};  // Told to clients of TLS 1.2.
  std::string ocsp{};      // What the responder of the authority says of `cert`, DER; or empty.
};

struct ListenerWebSocket {
  std::string path = "/mqtt";        // That clients ask for; "/*": whatever they ask for.
  std::vector<std::string> origins;  // The web sites whose pages may connect; empty: all.
};

// A limit that a listener has of its own, as key and value of an option.
struct ListenerLimit {
  std::string key;
  std::string value;
};

struct ListenerConfig {
  std::string url;                   // As written, for messages and `status`.
  std::string scheme;                // "mqtt" or "ws", "mqtts" or "wss" with TLS, or "unix".
  std::string host;                  // Name, IPv4 or IPv6 without brackets.
  std::uint16_t port = 1883;         // 0: any free port, printed at start.
  std::optional<CommitLevel> ack;    // Of its clients; without: the node's.
  std::optional<ListenerTls> tls{};  // None: plain TCP.
  // None: packets follow each other on the stream.
  std::optional<ListenerWebSocket> websocket{};
  std::vector<IpNetwork> proxies{};  // Who speaks the PROXY protocol; empty: clients come directly.
  std::string unix_path{};           // Of its socket; empty: it has a host and a port.
  std::uint32_t unix_mode = 0660;    // Who may connect there.
  bool proxy_user = false;           // The user is whom the proxy has seen a certificate of.

  std::vector<ListenerLimit> limits{};  // Of its own, see listener_limits.hpp.
  std::uint16_t number = 0;             // Among the listeners, from 1 on; set when it is opened.
};

// What the acknowledgements of a user, or of messages to some topics, wait for.
struct AckRule {
  enum class About : std::uint8_t { topic, user };
  CommitLevel level{};
  About about{};
  std::string name;  // A topic filter, or a user.
};

struct AuthConfig {
  // "loopback": clients without credentials only on listeners bound to loopback addresses.
  std::string anonymous = "loopback";  // loopback | true | false
  std::string password_file;
  std::string acl_file;
  std::string jwt_keys;  // A file; empty: tokens are passwords like others.
  std::string jwt_issuer;
  std::string jwt_audience;
  std::string jwt_user_claim = "sub";
  std::string jwt_roles_claim;  // Empty: tokens bring no roles.
  std::uint32_t jwt_leeway_s = 60;
  std::uint32_t failures_max = 5;  // Of an address, before it has to wait; 0: it never has.
  std::uint32_t failure_pause_max_s = 60;
  std::string http_url;  // Empty: nobody is asked.
  std::string http_ca;   // PEM; empty: the authorities that this machine trusts.
  std::uint32_t http_timeout_ms = 2'000;
  std::uint32_t http_cache_s = 60;  // 0: each login is asked about.
};

struct AuditConfig {
  std::string to = "none";      // none | stderr | journal | a path that begins with /
  std::string format = "json";  // json | text
};

struct LimitsConfig {
  std::uint32_t max_connections = 100'000;
  std::uint32_t accept_rate = 5'000;          // New connections a second; 0: no limit.
  std::uint32_t max_packet_size = 2'000'000;  // Bytes of a whole packet from a client.
  std::uint16_t receive_maximum = 20;         // QoS 1 and 2 messages a client may have unanswered.
  std::uint16_t max_inflight = 100;           // The same towards a client, unless it asks for less.
  std::uint32_t max_queued_messages = 100'000;   // A session.
  std::uint64_t max_queued_bytes = 268'435'456;  // A session.
  QueueFull queue_full = QueueFull::reject;
  std::uint32_t block_max_ms = 30'000;  // A publisher held this long for a full queue is closed.
  std::uint16_t topic_alias_max = 10;   // Both directions.
  std::uint16_t max_keepalive_s = 65'535;
  std::uint32_t session_expiry_max_s = 0xFFFFFFFF;  // 0xFFFFFFFF: no limit.
  std::uint32_t connect_timeout_ms = 10'000;        // From accept to CONNECT.
  std::uint32_t topic_levels_max = 200;
  std::uint32_t subscriptions_max = 100'000;  // A session.
  std::uint32_t outbox_bytes = 4'194'304;     // Unsent output of a connection.
  std::uint32_t drops_kept = 1'000;           // Records of dropped messages for `tandemqctl drops`.
  std::uint32_t history_events = 65'536;      // Protocol events for `tandemqctl explain`; 0: none.
  std::uint64_t retained_messages_max = 10'000'000;
  std::uint64_t retained_bytes_max = 4'294'967'296;
  std::uint32_t connections_per_address = 0;   // 0: no limit, as for those that follow.
  std::uint32_t connections_per_user = 0;      // User names; clients without one are not counted.
  std::uint32_t connect_rate_per_address = 0;  // New connections a second.
  std::uint32_t message_rate = 0;              // PUBLISH packets of a client a second,
  std::uint64_t byte_rate = 0;                 // and their bytes.
};

struct MqttConfig {
  std::uint8_t max_qos = 2;
  bool retain_available = true;
  bool wildcard_available = true;
  bool shared_available = true;
  bool subscription_id_available = true;
  bool queue_qos0 = false;  // Keep QoS 0 messages for offline persistent sessions.
  bool allow_empty_client_id = true;
  bool check_payload_format = true;   // Refuse a payload that is not the UTF-8 it claims to be.
  std::uint32_t sys_interval_s = 10;  // $SYS; 0: never.
  std::string dead_letter_topic;      // Prefix; empty: dropped messages are only counted.
  std::string server_reference;       // Told to clients on shutdown (0x9C); empty: 0x8B.
  std::string response_information;   // Answer to Request Response Information; empty: none.
};

struct StoreConfig {
  bool in_memory = false;                    // Nothing survives the process.
  std::string sync = "commit";               // See config/sync_policy.hpp.
  std::string on_damage = "stop";            // stop | quarantine
  std::uint64_t log_bytes_max = 67'108'864;  // Of the log that the tables hold already.
  std::uint64_t low_bytes = 536'870'912;     // Free on the disk: below it nothing new is taken.
  std::uint64_t floor_bytes = 134'217'728;   // Free on the disk: below it a node does not start.
  std::string archive_dir;                   // Empty: the log is not archived.
};

struct MemoryConfig {
  std::uint64_t max_bytes = 0;                     // 0: what the cgroup or the machine has.
  std::uint64_t bodies_max_bytes = 1'073'741'824;  // Of messages that the tables hold too.
};

// What an acknowledgement waits for. See etc/tandemq.conf.
enum class ReplicationMode : std::uint8_t { async, received, written, flushed };

struct ReplicationConfig {
  std::string listen;  // host:port; empty: no standby can connect.
  std::string peer;    // host:port of the other node; empty: this node is alone, and primary.
  ReplicationMode mode = ReplicationMode::written;
  std::string secret_file;  // Its first line; both nodes have the same.
  std::string tls_cert;     // PEM, all three or none.
  std::string tls_key;
  std::string tls_ca;
  std::uint32_t timeout_ms = 2'000;          // Without an answer the peer is lost.
  std::uint32_t heartbeat_ms = 100;          // A primary that has nothing else to say says this.
  std::uint64_t max_lag_bytes = 16'777'216;  // Of a standby in async; then publishers are slowed.
  std::uint64_t log_bytes_max = 1'073'741'824;  // Kept for a standby that catches up.
  std::uint64_t image_bytes_per_s = 0;          // Of a full sync; 0: no limit.
};

// What a node asks for before it takes over, or goes on alone. See etc/tandemq.conf. `automatic` is
// gateway if there are gateways, else heartbeat.
enum class FailoverPolicy : std::uint8_t { automatic, heartbeat, gateway, fence, manual };

struct FailoverConfig {
  FailoverPolicy policy = FailoverPolicy::automatic;
  std::vector<std::string> gateways;  // Addresses that answer while this machine has a network.
  std::string fence_command;          // A program and its arguments.
  std::uint32_t silent_ms = 500;      // A primary that has said nothing for so long is gone.
  std::string heartbeat_listen;       // host:port of UDP; empty: there is no second path.
  std::string heartbeat_peer;         // The same of the other node.
  std::string vip_role_file;          // For keepalived; empty: there is none.
  std::string vip_claim_file;
  std::string vip_address;  // With or without its prefix.
  std::string vip_command;  // Run with "take ADDRESS" or "release ADDRESS".
};

// The third place, which makes failover safe in every partition.
struct WitnessConfig {
  std::vector<std::string> etcd;  // URLs of one cluster of etcd; empty: there is no witness.
  std::string user;
  std::string password_file;  // Its first line.
  std::string ca;             // PEM; empty: the authorities that this machine trusts.
  std::string cert;           // PEM, both or none.
  std::string key;
};

struct Config {
  std::vector<ListenerConfig> listeners;  // Empty in the file: mqtt://127.0.0.1:1883.
  std::string data_dir = "/var/lib/tandemq";
  std::string node_id = "a";
  std::string cluster_id = "tandemq";  // The same on both nodes, and on no others.
  std::string log_level = "info";      // trace | debug | info | warn | error
  std::uint32_t threads_net = 0;       // 0: the core thread runs the sockets.
  std::string admin_socket = "/run/tandemq/admin.sock";
  std::string admin_http = "127.0.0.1:9883";  // HOST:PORT; empty: none.
  std::string admin_http_token_file;          // Its first line; empty: nobody is asked for one.
  std::string admin_group = "tandemq";        // Of the socket; empty: that of the process.
  std::vector<AckRule> acks;
  AuthConfig auth;
  AuditConfig audit;
  LimitsConfig limits;
  MqttConfig mqtt;
  StoreConfig store;
  MemoryConfig memory;
  ReplicationConfig replication;
  FailoverConfig failover;
  WitnessConfig witness;
};

}  // namespace tandemq
