#include "config/options.hpp"

#include <array>

namespace tandemq {
namespace {

constexpr auto kLive = ConfigOption::Reload::live;
constexpr auto kAfterRestart = ConfigOption::Reload::after_restart;

constexpr std::array<std::string_view, 5> kLogLevels = {"trace", "debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 3> kAnonymous = {"loopback", "true", "false"};
constexpr std::array<std::string_view, 4> kQueueFull = {"reject", "drop_oldest", "drop_newest",
                                                        "block"};

constexpr std::array<std::string_view, 2> kOnDamage = {"stop", "quarantine"};
constexpr std::array<std::string_view, 4> kModes = {"async", "received", "written", "flushed"};
constexpr std::array<std::string_view, 5> kPolicies = {"auto", "heartbeat", "gateway", "fence",
                                                       "manual"};

constexpr std::array<std::string_view, 2> kFormats = {"json", "text"};

constexpr std::uint64_t kKilo = 1'024;
constexpr std::uint64_t kMega = kKilo * kKilo;
constexpr std::uint64_t kGiga = kMega * kKilo;
constexpr std::uint64_t kMillion = 1'000'000;
// A Remaining Length of four bytes says at most 268,435,455, and five bytes go before the rest.
constexpr std::uint64_t kPacketSizeMax = 268'435'460;

constexpr ConfigRange number(std::uint64_t min, std::uint64_t max) {
  return {min, max, false, {}};
}
constexpr ConfigRange size(std::uint64_t min, std::uint64_t max) {
  return {min, max, true, {}};
}
constexpr ConfigRange words(std::span<const std::string_view> allowed) {
  return {0, 0, false, allowed};
}
constexpr ConfigRange any() {
  return {};
}

constexpr ConfigOption kOptions[] = {
    {"listener", [](Config& c) -> ConfigField { return &c.listeners; }, any(), kAfterRestart,
     "Where clients connect, as mqtt://HOST:PORT. HOST is a name, an IPv4 address or an IPv6 "
     "address in brackets; mqtt://[::]:1883 is every IPv6 address of the machine, "
     "mqtt://0.0.0.0:1883 every IPv4 address. Without a port it is 1883; port 0 is any free "
     "port, told in the log. Repeat the key to listen on several. Behind the port may stand "
     "?ack=LEVEL, for the clients of this listener; see ack. mqtts://HOST:PORT?cert=FILE&key=FILE "
     "is TLS, on port 8883 if none is written; docs/SECURITY.md has its other parameters, after "
     "an & each: client_cert=optional or required with ca=FILE, crl=FILE and "
     "user_from=cn, san, fingerprint or none; min_version=1.2 or 1.3; ciphers=LIST; psk=FILE, keys "
     "shared with clients, also without a certificate; ocsp=FILE. SIGHUP and 'tandemqctl tls "
     "reload' read the files anew. ws://HOST:PORT/PATH is MQTT over WebSocket, on port 9001 if "
     "none is written, wss://HOST:PORT/PATH the same over TLS, on 9443; the path is /mqtt if none "
     "is written, /* is any path, and origin=LIST names the web sites whose pages may connect, "
     "divided by ','. With ?proxy=ADDRESS,NETWORK/BITS only those may connect, and say with the "
     "PROXY protocol who their client is. unix:///PATH?mode=0660 is a unix socket. Some limits may "
     "differ for a listener, such as ?max_connections=100 or ?message_rate=50. docs/LISTENERS.md "
     "tells of all of them."},
    {"data.dir", [](Config& c) -> ConfigField { return &c.data_dir; }, any(), kAfterRestart,
     "The folder that holds the log and the tables of this node. One running node at a time."},
    {"node.id", [](Config& c) -> ConfigField { return &c.node_id; }, any(), kAfterRestart,
     "The name of this node, 1 to 32 letters, digits, '-' or '_'. The two nodes of a pair have "
     "different names."},
    {"cluster.id", [](Config& c) -> ConfigField { return &c.cluster_id; }, any(), kAfterRestart,
     "The name of the pair, 1 to 255 bytes: the same on its two nodes and on no others. A node of "
     "another cluster is refused, and so are data of another cluster."},
    {"admin.socket", [](Config& c) -> ConfigField { return &c.admin_socket; }, any(), kAfterRestart,
     "The unix socket on which tandemqctl talks to this node. Who can write to it administers the "
     "broker."},
    {"admin.http", [](Config& c) -> ConfigField { return &c.admin_http; }, any(), kAfterRestart,
     "Where machines ask this node how it is, as HOST:PORT over HTTP: /metrics in the format of "
     "Prometheus, /health/live, /health/ready and /health/primary for load balancers, /status as "
     "JSON. They read, nothing can be changed there. If HOST is no loopback address, "
     "admin.http_token_file has to be set. Port 0 is "
     "any free port, told in the log. Empty: nothing listens."},
    {"admin.http_token_file", [](Config& c) -> ConfigField { return &c.admin_http_token_file; },
     any(), kAfterRestart,
     "A file whose first line, 16 bytes or more, is what machines have to send to admin.http as "
     "'Authorization: Bearer TOKEN'. /health/live, /ready and /primary are answered without it. "
     "It is needed where HOST is no loopback address. Empty: nobody is asked."},
    {"admin.group", [](Config& c) -> ConfigField { return &c.admin_group; }, any(), kAfterRestart,
     "The group that may use admin.socket besides its owner. The user of the broker has to be in "
     "it. Empty: the group of the process."},
    {"threads.net", [](Config& c) -> ConfigField { return &c.threads_net; }, number(0, 128),
     kAfterRestart,
     "Threads that read and write the connections of clients. With 0 the core thread does that "
     "too, which is best for machines with one or two processors."},
    {"log.level", [](Config& c) -> ConfigField { return &c.log_level; }, words(kLogLevels), kLive,
     "The least weight of what is written to the log."},

    {"auth.anonymous", [](Config& c) -> ConfigField { return &c.auth.anonymous; },
     words(kAnonymous), kLive,
     "Whether clients may connect without a user name: on every listener (true), on none (false), "
     "or only on listeners that are bound to a loopback address (loopback)."},
    {"auth.password_file", [](Config& c) -> ConfigField { return &c.auth.password_file; }, any(),
     kLive,
     "Users and the hashes of their passwords, a line USER:HASH each. Files of mosquitto_passwd "
     "can be used as they are. Empty: no user has a password. The file is read again on SIGHUP."},
    {"auth.acl_file", [](Config& c) -> ConfigField { return &c.auth.acl_file; }, any(), kLive,
     "Who may publish and subscribe to what, in the syntax of Mosquitto's ACL files. Empty: "
     "everyone may do everything. The file is read again on SIGHUP."},
    {"auth.jwt_keys", [](Config& c) -> ConfigField { return &c.auth.jwt_keys; }, any(), kLive,
     "The keys of those who sign JSON Web Tokens: a JWK Set, public keys in PEM, or a secret of 32 "
     "bytes or more on one line. A client logs in with a token as its password; see docs/JWT.md. "
     "Empty: there are no tokens. The file is read again on SIGHUP."},
    {"auth.jwt_issuer", [](Config& c) -> ConfigField { return &c.auth.jwt_issuer; }, any(), kLive,
     "The claim iss that a token has to have. Empty: any, or none."},
    {"auth.jwt_audience", [](Config& c) -> ConfigField { return &c.auth.jwt_audience; }, any(),
     kLive,
     "The name that has to be in the claim aud of a token. Empty: a token with an aud is refused, "
     "because it is meant for somebody else."},
    {"auth.jwt_user_claim", [](Config& c) -> ConfigField { return &c.auth.jwt_user_claim; }, any(),
     kLive,
     "The claim of a token that holds the user name. A client that sends a user name too has to "
     "send the same one."},
    {"auth.jwt_roles_claim", [](Config& c) -> ConfigField { return &c.auth.jwt_roles_claim; },
     any(), kLive,
     "The claim of a token that holds a list of roles of auth.acl_file, which the client has as "
     "long as it is connected with it. Empty: tokens bring no roles."},
    {"auth.jwt_leeway_s", [](Config& c) -> ConfigField { return &c.auth.jwt_leeway_s; },
     number(0, 3'600), kLive,
     "Seconds by which the clock of whoever signs tokens may differ: a token is taken so much "
     "before its nbf and after its exp, and then its connection is closed."},

    {"auth.failures_max", [](Config& c) -> ConfigField { return &c.auth.failures_max; },
     number(0, 1'000), kLive,
     "Failed logins that an address (of IPv6 its first 64 bits) may have before it is heard once a "
     "pause only, one second that doubles with each further failure; in between it is refused "
     "(0x9F, code 3). It is forgotten an hour after the last one. 0: nobody is slowed down."},
    {"auth.failure_pause_max_s",
     [](Config& c) -> ConfigField { return &c.auth.failure_pause_max_s; }, number(1, 3'600), kLive,
     "Seconds that such a pause has at the most."},
    {"auth.http_url", [](Config& c) -> ConfigField { return &c.auth.http_url; }, any(),
     kAfterRestart,
     "Who decides about users that are not in auth.password_file, as http://HOST:PORT/PATH or "
     "https://; see docs/SECURITY.md for what is asked and answered. While it does not answer "
     "nobody gets in by it (0x88, code 3). Empty: nobody is asked."},
    {"auth.http_ca", [](Config& c) -> ConfigField { return &c.auth.http_ca; }, any(), kAfterRestart,
     "The authorities, PEM, one of which has signed the certificate of auth.http_url. Empty: those "
     "that this machine trusts."},
    {"auth.http_timeout_ms", [](Config& c) -> ConfigField { return &c.auth.http_timeout_ms; },
     number(100, 60'000), kAfterRestart, "How long auth.http_url may take to answer."},
    {"auth.http_cache_s", [](Config& c) -> ConfigField { return &c.auth.http_cache_s; },
     number(0, 86'400), kAfterRestart,
     "Seconds for which a yes of auth.http_url is remembered; a no for 5 at the most. 0: it is "
     "asked about each login."},

    {"audit.to", [](Config& c) -> ConfigField { return &c.audit.to; }, any(), kAfterRestart,
     "Where a line is written for each client that comes, goes, is refused or is denied something, "
     "and for each command of tandemqctl: none, stderr, journal, or a file as a path that begins "
     "with /. SIGHUP opens the file anew. docs/AUDIT.md has the fields."},
    {"audit.format", [](Config& c) -> ConfigField { return &c.audit.format; }, words(kFormats),
     kAfterRestart, "How such a line is written: json or text. The journal gets fields."},

    {"store.sync", [](Config& c) -> ConfigField { return &c.store.sync; }, any(), kAfterRestart,
     "When the log is forced to the disk. commit: before anything is acknowledged, so that not "
     "even a loss of power takes an acknowledged message. interval:MS: every so many "
     "milliseconds, 1 to 60000; the crash of the broker loses nothing, a loss of power what was "
     "acknowledged in that time. never: the operating system decides; the crash of the broker "
     "loses nothing, a loss of power up to half a minute."},
    {"store.on_damage", [](Config& c) -> ConfigField { return &c.store.on_damage; },
     words(kOnDamage), kAfterRestart,
     "What happens if a part of the data cannot be read at the start. stop: the node says what it "
     "is and does not start; tandemqd --repair starts it once. quarantine: the damaged part goes "
     "to a file in data.dir/quarantine and the node serves everything else."},
    {"store.log_bytes_max", [](Config& c) -> ConfigField { return &c.store.log_bytes_max; },
     size(kMega, kKilo* kGiga), kAfterRestart,
     "Bytes of the log that are kept although the tables hold their content, for tandemqctl "
     "explain."},
    {"store.low_bytes", [](Config& c) -> ConfigField { return &c.store.low_bytes; },
     size(0, kKilo* kGiga), kAfterRestart,
     "Free bytes on the disk below which nothing new is taken: messages that would have to be "
     "stored are refused (0x97; older clients wait), and so are new persistent sessions and their "
     "subscriptions. All goes on by itself when there is room again."},
    {"store.floor_bytes", [](Config& c) -> ConfigField { return &c.store.floor_bytes; },
     size(0, kKilo* kGiga), kAfterRestart,
     "Free bytes on the disk below which a node does not start."},
    {"store.archive_dir", [](Config& c) -> ConfigField { return &c.store.archive_dir; }, any(),
     kAfterRestart,
     "A folder that gets a copy of the whole log, for tandemqctl backup restore --until. Remove "
     "old files of it as you like. Empty: the log is not archived."},
    {"store.in_memory", [](Config& c) -> ConfigField { return &c.store.in_memory; }, any(),
     kAfterRestart,
     "Keeps everything in memory and nothing on the disk: all is gone when the process ends. For "
     "trials."},
    {"replication.listen", [](Config& c) -> ConfigField { return &c.replication.listen; }, any(),
     kAfterRestart,
     "Where the other node of the pair connects, as HOST:PORT; an IPv6 address stands in brackets. "
     "It is never an open door: replication.secret_file or replication.tls.* has to be set too. "
     "Empty, like replication.peer: this node is alone."},
    {"replication.peer", [](Config& c) -> ConfigField { return &c.replication.peer; }, any(),
     kAfterRestart,
     "The replication.listen of the other node, as HOST:PORT. Both nodes have both keys, because "
     "each of them may become the primary."},
    {"replication.mode", [](Config& c) -> ConfigField { return &c.replication.mode; },
     words(kModes), kAfterRestart,
     "What an acknowledgement waits for while a standby is in sync. async: this node alone; what "
     "the standby has not got yet is lost with the host. received: the standby has it in memory; "
     "the loss of the primary's host loses nothing. written: the standby has written it to its "
     "log; the loss of either host or the crash of either process loses nothing. flushed: both "
     "have it on their disks; not even a loss of power on both at once loses anything."},
    {"ack", [](Config& c) -> ConfigField { return &c.acks; }, any(), kLive,
     "What the acknowledgement of a published message waits for, where that is not "
     "replication.mode: 'LEVEL topic FILTER' or 'LEVEL user NAME', repeatable. LEVEL is memory: "
     "nothing, what was acknowledged may be lost with the process; local: the disk of this node, "
     "or what replication.mode asks if that comes first; standby: both nodes have written it; "
     "standby_flushed: it is on the disks of both. The topic counts before the user, the user "
     "before the listener (?ack=LEVEL in its URL), and of topics the first that matches. Without "
     "a standby in sync the last three all wait for the disk of this node. What goes to one "
     "client stays in order, so behind a message that waits longer the next one waits too."},
    {"replication.secret_file", [](Config& c) -> ConfigField { return &c.replication.secret_file; },
     any(), kAfterRestart,
     "A file whose first line, 16 bytes or more, is the secret with which the two nodes know each "
     "other; the same on both. Make it with: openssl rand -hex 32 > FILE. It is never sent. "
     "Without replication.tls.* what the nodes say is protected from change but can be read on "
     "the way."},
    {"replication.tls.cert", [](Config& c) -> ConfigField { return &c.replication.tls_cert; },
     any(), kAfterRestart,
     "The certificate of this node in PEM, for TLS between the two nodes. All three of "
     "replication.tls.* are set, or none."},
    {"replication.tls.key", [](Config& c) -> ConfigField { return &c.replication.tls_key; }, any(),
     kAfterRestart, "The private key of that certificate, in PEM."},
    {"replication.tls.ca", [](Config& c) -> ConfigField { return &c.replication.tls_ca; }, any(),
     kAfterRestart,
     "The authority in PEM that has to have signed the certificate of the other node. Best one "
     "that signs for nobody else."},
    {"replication.timeout_ms", [](Config& c) -> ConfigField { return &c.replication.timeout_ms; },
     number(100, 60'000), kAfterRestart,
     "Milliseconds without an answer after which the other node is taken for lost. That long "
     "acknowledgements may wait for it."},
    {"replication.max_lag_bytes",
     [](Config& c) -> ConfigField { return &c.replication.max_lag_bytes; },
     size(64 * kKilo, kKilo* kGiga), kAfterRestart,
     "Bytes of the log that a standby may lag behind with replication.mode = async. Beyond it "
     "publishers are slowed down to what the standby takes."},
    {"replication.log_bytes_max",
     [](Config& c) -> ConfigField { return &c.replication.log_bytes_max; },
     size(kMega, kKilo* kGiga), kAfterRestart,
     "Bytes of the log that are kept for a standby that is away or catches up. One that needs an "
     "older part of it gets a copy of everything instead; until it has that, as many bytes more "
     "are "
     "kept as the copy has."},
    {"replication.image_bytes_per_s",
     [](Config& c) -> ConfigField { return &c.replication.image_bytes_per_s; },
     size(0, kKilo* kGiga), kAfterRestart,
     "Bytes a second at which a copy of everything is sent to a standby. 0: as fast as the "
     "standby takes it."},

    {"failover.policy", [](Config& c) -> ConfigField { return &c.failover.policy; },
     words(kPolicies), kAfterRestart,
     "What a standby in sync asks for before it takes over from a primary that is dead or silent, "
     "where no witness decides (witness.etcd). heartbeat: nothing else; if the connection between "
     "the two nodes is cut while both live, both lead until it is back, then the newer term wins "
     "and the other node exports what it acknowledged alone. gateway: that one of failover.gateway "
     "answers; a primary that reaches neither its standby nor a gateway stops, so that a node "
     "which is cut off from everything does not lead. fence: that failover.fence_command has ended "
     "the other node; a primary that loses its standby asks for the same before it goes on alone, "
     "so that never two lead. manual: tandemqctl promote. auto: gateway if there are any, else "
     "heartbeat. The same on both nodes."},
    {"failover.gateway", [](Config& c) -> ConfigField { return &c.failover.gateways; }, any(),
     kAfterRestart,
     "An address that answers a ping as long as this machine has a network, as a router or a "
     "switch does: an IPv4 or IPv6 address. Repeat the key for several; one that answers is "
     "enough."},
    {"failover.fence_command", [](Config& c) -> ConfigField { return &c.failover.fence_command; },
     any(), kAfterRestart,
     "The program that switches the other node off, or cuts it off from its clients and disks, "
     "and ends with exit code 0 when that is done: its path and arguments, separated by blanks. "
     "There is no shell. It has 30 seconds."},
    {"heartbeat.interval_ms", [](Config& c) -> ConfigField { return &c.replication.heartbeat_ms; },
     number(10, 10'000), kAfterRestart,
     "Milliseconds after which a primary that has nothing to replicate says that it is there."},
    {"heartbeat.timeout_ms", [](Config& c) -> ConfigField { return &c.failover.silent_ms; },
     number(50, 60'000), kAfterRestart,
     "Milliseconds after which a primary that has said nothing is taken for gone. It has to be "
     "less than replication.timeout_ms, behind which a primary may go on without its standby. A "
     "process that has died is noticed at once."},
    {"heartbeat.listen", [](Config& c) -> ConfigField { return &c.failover.heartbeat_listen; },
     any(), kAfterRestart,
     "A second path between the nodes, over UDP, as HOST:PORT of this node; best on another "
     "network than replication.listen. A node that is heard on either path is not silent. Empty: "
     "there is none."},
    {"heartbeat.peer", [](Config& c) -> ConfigField { return &c.failover.heartbeat_peer; }, any(),
     kAfterRestart, "The heartbeat.listen of the other node, as HOST:PORT."},
    {"witness.etcd", [](Config& c) -> ConfigField { return &c.witness.etcd; }, any(), kAfterRestart,
     "The witness that makes failover safe in every partition of the network: a cluster of etcd "
     "3.4 or later, away from both nodes, as http://HOST:PORT or https://HOST:PORT. Repeat the key "
     "for its members. Begin with tandemqctl witness init. With it, failover.policy = fence still "
     "runs the command before a takeover and manual still waits for the operator; the others ask "
     "for nothing more."},
    {"witness.etcd_user", [](Config& c) -> ConfigField { return &c.witness.user; }, any(),
     kAfterRestart, "The user by which etcd knows this node. Empty: etcd asks for none."},
    {"witness.etcd_password_file",
     [](Config& c) -> ConfigField { return &c.witness.password_file; }, any(), kAfterRestart,
     "The file whose first line is that user's password."},
    {"witness.etcd_ca", [](Config& c) -> ConfigField { return &c.witness.ca; }, any(),
     kAfterRestart,
     "The authority in PEM that has to have signed the certificate of etcd. Empty: those that this "
     "machine trusts."},
    {"witness.etcd_cert", [](Config& c) -> ConfigField { return &c.witness.cert; }, any(),
     kAfterRestart, "The certificate in PEM that this node shows to etcd; empty: none."},
    {"witness.etcd_key", [](Config& c) -> ConfigField { return &c.witness.key; }, any(),
     kAfterRestart, "The private key of that certificate, in PEM."},
    {"vip.role_file", [](Config& c) -> ConfigField { return &c.failover.vip_role_file; }, any(),
     kAfterRestart,
     "The file by which keepalived knows whether this machine may hold the virtual address: 1 "
     "while this node leads, 0 otherwise. docs/OPERATIONS.md has the keepalived.conf that reads "
     "it. Its folder belongs into /run. Empty: there is no keepalived."},
    {"vip.claim_file", [](Config& c) -> ConfigField { return &c.failover.vip_claim_file; }, any(),
     kAfterRestart,
     "The file by which a node that takes over outbids one that hangs and still has the address."},
    {"vip.address", [](Config& c) -> ConfigField { return &c.failover.vip_address; }, any(),
     kAfterRestart,
     "The virtual address, with or without its prefix, as 192.0.2.10/24: this node looks whether "
     "it is here."},
    {"vip.command", [](Config& c) -> ConfigField { return &c.failover.vip_command; }, any(),
     kAfterRestart,
     "A program that moves the virtual address where keepalived cannot, as in clouds: it is run "
     "with the words 'take ADDRESS' when this node begins to lead and 'release ADDRESS' when it "
     "stops. Its path and arguments, separated by blanks; there is no shell."},
    {"memory.bodies_max_bytes", [](Config& c) -> ConfigField { return &c.memory.bodies_max_bytes; },
     size(kMega, kKilo* kGiga), kLive,
     "Bytes of messages in memory, about. Above it messages that wait for clients that are away "
     "stay on the disk only, and are read back when the client returns."},

    {"memory.max_bytes", [](Config& c) -> ConfigField { return &c.memory.max_bytes; },
     size(0, kKilo* kGiga), kLive,
     "Bytes of memory that this process should not need more of. Above 80 % of it the clients that "
     "have published most in the last second are not read from, above 90 % no connection is "
     "accepted (0x97), and below 75 % and 85 % all is as before. Nothing that was acknowledged is "
     "thrown away for it. 0: what the cgroup of the process allows, or the machine has."},

    {"limits.max_connections", [](Config& c) -> ConfigField { return &c.limits.max_connections; },
     number(1, 10 * kMillion), kLive,
     "Connections at the same time. Above it a new connection is closed at once."},
    {"limits.accept_rate", [](Config& c) -> ConfigField { return &c.limits.accept_rate; },
     number(0, kMillion), kLive,
     "New connections a second; more have to wait in the kernel's queue. 0: no limit."},
    {"limits.connections_per_address",
     [](Config& c) -> ConfigField { return &c.limits.connections_per_address; },
     number(0, 10 * kMillion), kLive,
     "Connections of one IPv4 address or one IPv6 network of 64 bits at the same time. More are "
     "refused before a password is looked at (0x97, MQTT 3: code 3), and those that come while "
     "eight of them have not sent their CONNECT are closed at once. 0: no limit."},
    {"limits.connections_per_user",
     [](Config& c) -> ConfigField { return &c.limits.connections_per_user; },
     number(0, 10 * kMillion), kLive,
     "Clients that are connected under one user name. More are refused (0x97, MQTT 3: code 3). "
     "Clients without a user name are not counted. 0: no limit."},
    {"limits.connect_rate_per_address",
     [](Config& c) -> ConfigField { return &c.limits.connect_rate_per_address; },
     number(0, kMillion), kLive,
     "New connections of one address, as above, a second; as many may come at once. More are "
     "refused (0x9F, MQTT 3: code 3) in the same way. 0: no limit."},
    {"limits.message_rate", [](Config& c) -> ConfigField { return &c.limits.message_rate; },
     number(0, 10 * kMillion), kLive,
     "PUBLISH packets of one client a second; as many may come at once. Beyond it the client is "
     "not read from for a while: nothing is lost and nobody is disconnected. 0: no limit."},
    {"limits.byte_rate", [](Config& c) -> ConfigField { return &c.limits.byte_rate; },
     size(0, kKilo* kGiga), kLive,
     "Bytes of the PUBLISH packets of one client a second, in the same way. 0: no limit."},
    {"limits.connect_timeout_ms",
     [](Config& c) -> ConfigField { return &c.limits.connect_timeout_ms; }, number(100, 600'000),
     kLive, "Milliseconds in which a new connection has to send its CONNECT."},
    {"limits.max_packet_size", [](Config& c) -> ConfigField { return &c.limits.max_packet_size; },
     size(128, kPacketSizeMax), kLive,
     "The largest packet that a client may send, in bytes, headers included. A client that sends a "
     "larger one is disconnected (0x95)."},
    {"limits.receive_maximum", [](Config& c) -> ConfigField { return &c.limits.receive_maximum; },
     number(1, 65'535), kLive,
     "QoS 1 and 2 messages that a client may send before the first is acknowledged (Receive "
     "Maximum)."},
    {"limits.max_inflight", [](Config& c) -> ConfigField { return &c.limits.max_inflight; },
     number(1, 65'535), kLive,
     "QoS 1 and 2 messages that are sent to a client before it acknowledges the first. A client "
     "can ask for less."},
    {"limits.max_queued_messages",
     [](Config& c) -> ConfigField { return &c.limits.max_queued_messages; }, number(1, 0xFFFF'FFFF),
     kLive, "Messages that wait for one session, while its client is away or slow."},
    {"limits.max_queued_bytes", [](Config& c) -> ConfigField { return &c.limits.max_queued_bytes; },
     size(kKilo, kKilo* kGiga), kLive, "Bytes of the messages that wait for one session."},
    {"limits.queue_full", [](Config& c) -> ConfigField { return &c.limits.queue_full; },
     words(kQueueFull), kLive,
     "What happens to a message for a session whose queue is full. reject: it is not taken at all "
     "and its publisher is told (0x97; a publisher that speaks an older MQTT waits as with block). "
     "block: the publisher is not read until there is room. drop_oldest: the oldest message of "
     "that queue makes room. drop_newest: that session does not get it, and its publisher is told "
     "or "
     "waits as with reject. What is dropped is counted and shown by tandemqctl drops."},
    {"limits.block_max_ms", [](Config& c) -> ConfigField { return &c.limits.block_max_ms; },
     number(1, 3'600'000), kLive,
     "Milliseconds after which a publisher that waits for a full queue is disconnected."},
    {"limits.outbox_bytes", [](Config& c) -> ConfigField { return &c.limits.outbox_bytes; },
     size(4 * kKilo, kGiga), kLive,
     "Bytes that wait to be sent on one connection. A client that reads too slowly loses QoS 0 "
     "messages first, counted, and is then disconnected (0x97)."},
    {"limits.topic_alias_max", [](Config& c) -> ConfigField { return &c.limits.topic_alias_max; },
     number(0, 65'535), kLive, "Topic aliases of one connection, in each direction. 0: none."},
    {"limits.topic_levels_max", [](Config& c) -> ConfigField { return &c.limits.topic_levels_max; },
     number(1, 65'535), kLive, "Levels of a topic name or filter."},
    {"limits.subscriptions_max",
     [](Config& c) -> ConfigField { return &c.limits.subscriptions_max; },
     number(1, 100 * kMillion), kLive, "Subscriptions of one session."},
    {"limits.retained_messages_max",
     [](Config& c) -> ConfigField { return &c.limits.retained_messages_max; },
     number(0, 1'000 * kMillion), kLive,
     "Retained messages of the broker. A message for one more topic is refused (0x97)."},
    {"limits.retained_bytes_max",
     [](Config& c) -> ConfigField { return &c.limits.retained_bytes_max; }, size(0, kKilo* kGiga),
     kLive,
     "Bytes of the retained messages, with their topics. One that would go beyond is refused "
     "(0x97)."},
    {"limits.max_keepalive_s", [](Config& c) -> ConfigField { return &c.limits.max_keepalive_s; },
     number(1, 65'535), kLive,
     "The longest keep-alive in seconds. A client of MQTT 5.0 that asks for more, or for none, is "
     "given this one (Server Keep Alive). 65535: each gets what it asks for."},
    {"limits.session_expiry_max_s",
     [](Config& c) -> ConfigField { return &c.limits.session_expiry_max_s; },
     number(0, 0xFFFF'FFFF), kLive,
     "Seconds that a session outlives its connection at the most. 4294967295: no limit."},
    {"limits.drops_kept", [](Config& c) -> ConfigField { return &c.limits.drops_kept; },
     number(0, kMillion), kLive,
     "Dropped messages that are remembered with client, topic, reason and time for tandemqctl "
     "drops. The counters count all of them."},
    {"limits.history_events", [](Config& c) -> ConfigField { return &c.limits.history_events; },
     number(0, 16 * kMillion), kLive,
     "Protocol events of all clients that are remembered for tandemqctl explain, 56 bytes each; "
     "rounded up to a power of two. 0: none, it answers from the log alone."},

    {"mqtt.max_qos", [](Config& c) -> ConfigField { return &c.mqtt.max_qos; }, number(0, 2), kLive,
     "The highest QoS: a PUBLISH above it is refused (0x9B), a subscription is granted this one."},
    {"mqtt.retain_available", [](Config& c) -> ConfigField { return &c.mqtt.retain_available; },
     any(), kLive, "Whether messages can be retained; if not they are refused (0x9A)."},
    {"mqtt.wildcard_available", [](Config& c) -> ConfigField { return &c.mqtt.wildcard_available; },
     any(), kLive, "Whether filters may hold + and #; if not they are refused (0xA2)."},
    {"mqtt.shared_available", [](Config& c) -> ConfigField { return &c.mqtt.shared_available; },
     any(), kLive, "Whether there are shared subscriptions; if not they are refused (0x9E)."},
    {"mqtt.subscription_id_available",
     [](Config& c) -> ConfigField { return &c.mqtt.subscription_id_available; }, any(), kLive,
     "Whether there are subscription identifiers; if not they are refused (0xA1)."},
    {"mqtt.queue_qos0", [](Config& c) -> ConfigField { return &c.mqtt.queue_qos0; }, any(), kLive,
     "Whether QoS 0 messages are kept for persistent sessions whose client is away."},
    {"mqtt.allow_empty_client_id",
     [](Config& c) -> ConfigField { return &c.mqtt.allow_empty_client_id; }, any(), kLive,
     "Whether a client may leave it to the broker to choose its client identifier."},
    {"mqtt.check_payload_format",
     [](Config& c) -> ConfigField { return &c.mqtt.check_payload_format; }, any(), kLive,
     "Whether a message is refused (0x99) that says its payload is UTF-8 when it is not."},
    {"mqtt.sys_interval_s", [](Config& c) -> ConfigField { return &c.mqtt.sys_interval_s; },
     number(0, 86'400), kLive, "Seconds between two updates of the topics in $SYS. 0: never."},
    {"mqtt.dead_letter_topic", [](Config& c) -> ConfigField { return &c.mqtt.dead_letter_topic; },
     any(), kLive,
     "A topic prefix: a dropped message is published again as PREFIX/REASON/TOPIC. Empty: dropped "
     "messages are only counted."},
    {"mqtt.server_reference", [](Config& c) -> ConfigField { return &c.mqtt.server_reference; },
     any(), kLive,
     "The Server Reference that clients are told when this node stops (0x9C), such as the address "
     "of the pair. Empty: they are told that it shuts down (0x8B)."},
    {"mqtt.response_information",
     [](Config& c) -> ConfigField { return &c.mqtt.response_information; }, any(), kLive,
     "The Response Information for clients that ask for it. Empty: there is none."},
};

}  // namespace

std::span<const ConfigOption> config_options() {
  return kOptions;
}

}  // namespace tandemq
