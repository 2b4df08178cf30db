#include "config/check.hpp"

#include "config/listener_url.hpp"

#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

Config config_with(const std::vector<std::string>& urls) {
  Config config;
  for (const std::string& url : urls) {
    const auto listener = parse_listener_url(url);
    REQUIRE(listener.has_value());
    config.listeners.push_back(*listener);
  }
  return config;
}

std::string report(const Config& config) {
  return report_of(check_config(config));
}

// The default with one member changed.
template <class Member>
std::string report_with(Member Config::*member, const Member& value) {
  Config config = config_with({"mqtt://localhost"});
  config.*member = value;
  return report(config);
}

}  // namespace

TEST_CASE("the default has no finding") {
  CHECK(report(config_with({"mqtt://127.0.0.1:1883"})).empty());
}

TEST_CASE("names that cannot be used are errors") {
  CHECK(report_with(&Config::data_dir, std::string()) ==
        "error: data.dir is empty, it has to name a folder\n");
  for (const std::string& id :
       {std::string(), std::string("a b"), std::string("ä"), std::string(33, 'a')})
    CHECK(report_with(&Config::node_id, id).starts_with("error: node.id = '" + id + "'"));
  CHECK(report_with(&Config::node_id, std::string("Node_1-b")).empty());
  CHECK(report_with(&Config::admin_socket, std::string()).starts_with("error: admin.socket"));
  CHECK(report_with(&Config::admin_socket, std::string(107, 'a')).empty());
  CHECK(report_with(&Config::admin_socket, std::string(108, 'a')).starts_with("error"));
}

TEST_CASE("admin.http listens on a loopback address or not at all") {
  const auto report_of_http = [](const std::string& value) {
    return report_with(&Config::admin_http, value);
  };
  for (const char* good : {"", "127.0.0.1:0", "127.1.2.3:65535", "localhost:9883", "[::1]:9883"})
    CHECK(report_of_http(good).empty());
  for (const char* open : {"0.0.0.0:9883", "[::]:9883", "192.0.2.7:9883", "example.org:9883"}) {
    const std::string report = report_of_http(open);
    CHECK(report.starts_with("error: admin.http = '" + std::string(open) + "'"));
    CHECK(report.find("or set admin.http_token_file") != std::string::npos);
  }
  for (const char* wrong : {"9883", "127.0.0.1", "127.0.0.1:65536", "localhost:", ":9883"})
    CHECK(report_of_http(wrong).find("expected HOST:PORT") != std::string::npos);
}

TEST_CASE("a dead letter topic is a topic that a client could publish to") {
  for (const std::string& topic :
       {std::string("a/#"), std::string("a/+"), std::string("$SYS"), std::string(1'025, 'a')}) {
    Config config = config_with({"mqtt://localhost"});
    config.mqtt.dead_letter_topic = topic;
    CHECK(report(config).starts_with("error: mqtt.dead_letter_topic"));
  }
}

TEST_CASE("two listeners on one address are an error") {
  CHECK(report(config_with({"mqtt://localhost:1", "mqtt://localhost:2", "mqtt://localhost:1/"})) ==
        "error: listener = 'mqtt://localhost:1/': another listener has this address\n");
  CHECK(report(config_with({"mqtt://localhost:0", "mqtt://localhost:0"})).empty());
}

TEST_CASE("anonymous clients from other machines are warned of") {
  Config config = config_with({"mqtt://localhost", "mqtt://0.0.0.0"});
  config.auth.anonymous = "true";
  CHECK(report(config) ==
        "warning: auth.anonymous = true: anyone who reaches 'mqtt://0.0.0.0' can connect\n");
  config.listeners.pop_back();
  CHECK(report(config).empty());
}

TEST_CASE("a listener on which nobody can log in is warned of") {
  Config config = config_with({"mqtt://0.0.0.0"});
  CHECK(report(config).starts_with("warning: auth.anonymous = loopback and no auth.password_file"));
  config.auth.anonymous = "false";
  CHECK(report(config).starts_with("warning: auth.anonymous = false and no auth.password_file"));
  config.auth.password_file = "users";
  CHECK(report(config).empty());
  config.auth.password_file = {};
  config.auth.jwt_keys = "keys";
  CHECK(report(config).empty());
}

TEST_CASE(
    "settings of tokens without keys for them are warned of, one without a name is an error") {
  Config config = config_with({"mqtt://localhost"});
  config.auth.jwt_audience = "broker";
  CHECK(report(config).starts_with("warning: auth.jwt_issuer and auth.jwt_audience are not used"));
  config.auth.jwt_keys = "keys";
  CHECK(report(config).empty());
  config.auth.jwt_user_claim = {};
  CHECK(report(config).starts_with("error: auth.jwt_user_claim is empty"));
}

TEST_CASE("a listener that asks for certificates is neither open to all nor closed to all") {
  const std::string tls = "mqtts://0.0.0.0?cert=c&key=k";
  const std::string asks = tls + "&ca=a&client_cert=required";
  Config config = config_with({asks});
  for (const char* anonymous : {"true", "loopback", "false"}) {
    config.auth.anonymous = anonymous;
    CHECK(report(config).empty());
  }
  config = config_with({asks + "&user_from=none"});
  CHECK(report(config).find("nobody can connect to") != std::string::npos);
  config = config_with({tls});
  config.auth.anonymous = "true";
  CHECK(report(config).find("anyone who reaches") != std::string::npos);
}

TEST_CASE("a message that may come in but not go out is warned of") {
  Config config = config_with({"mqtt://localhost"});
  config.limits.max_packet_size = 8 * 1'048'576;
  CHECK(
      report(config).starts_with("warning: limits.outbox_bytes (4M) is less than "
                                 "limits.max_packet_size (8M)"));
  config.limits.outbox_bytes = 8 * 1'048'576;
  CHECK(report(config).empty());
  config.limits.max_queued_bytes = 4'096;
  CHECK(report(config).starts_with("warning: limits.max_queued_bytes (4K) is less than"));
}

TEST_CASE("the settings of the store fit each other") {
  StoreConfig store;
  store.sync = "sometimes";
  CHECK(report_with(&Config::store, store).find("store.sync = 'sometimes': expected commit") !=
        std::string::npos);
  store = {};
  store.floor_bytes = store.low_bytes + 1;
  CHECK(report_with(&Config::store, store).find("store.floor_bytes") != std::string::npos);
  store = {};
  store.in_memory = true;
  CHECK(report_with(&Config::store, store).find("is gone when the process ends") !=
        std::string::npos);
  store.archive_dir = "archive";
  CHECK(report_with(&Config::store, store).find("store.archive_dir is not used") !=
        std::string::npos);
}

TEST_CASE("a cluster has a name of 1 to 255 bytes") {
  CHECK(report_with(&Config::cluster_id, std::string()) ==
        "error: cluster.id = '': expected a text of 1 to 255 bytes\n");
  CHECK(report_with(&Config::cluster_id, std::string(255, 'a')).empty());
  CHECK(report_with(&Config::cluster_id, std::string(256, 'a')).starts_with("error: cluster.id"));
}

TEST_CASE("a pair needs both addresses and something that its nodes know each other by") {
  ReplicationConfig pair;
  pair.listen = "[::1]:7400";
  pair.peer = "b.example.org:7400";
  pair.secret_file = "secret";
  const auto report_of_pair = [](const ReplicationConfig& replication) {
    return report_with(&Config::replication, replication);
  };
  CHECK(report_of_pair({}).empty());
  CHECK(report_of_pair(pair).empty());
  ReplicationConfig half = pair;
  half.peer.clear();
  CHECK(report_of_pair(half).starts_with("error: replication.listen is set and replication.peer"));
  half.peer.swap(half.listen);
  CHECK(report_of_pair(half).starts_with("error: replication.peer is set and replication.listen"));
  ReplicationConfig open = pair;
  open.secret_file.clear();
  const std::string report = report_of_pair(open);
  CHECK(report.starts_with("error: replication.listen would be an open door"));
  CHECK(report.find("openssl rand -hex 32 > FILE") != std::string::npos);
  open.tls_cert = open.tls_key = open.tls_ca = "file.pem";
  CHECK(report_of_pair(open).empty());
}

TEST_CASE("the addresses of a pair are HOST:PORT, and a peer has a port") {
  ReplicationConfig pair;
  pair.listen = "a";
  pair.peer = "b:7400";
  pair.secret_file = "secret";
  CHECK(report_with(&Config::replication, pair) ==
        "error: replication.listen = 'a': expected HOST:PORT, such as 192.0.2.7:7400 or "
        "[2001:db8::7]:7400; PORT is not a number from 0 to 65535\n");
  pair.listen = "a:0";
  CHECK(report_with(&Config::replication, pair).empty());
  pair.peer = "b:0";
  CHECK(report_with(&Config::replication, pair) ==
        "error: replication.peer = 'b:0': expected a PORT from 1 to 65535\n");
}

TEST_CASE("of the three files of TLS none may be left out") {
  ReplicationConfig pair;
  pair.listen = "a:7400";
  pair.peer = "b:7400";
  pair.secret_file = "secret";
  pair.tls_key = "key.pem";
  CHECK(report_with(&Config::replication, pair) ==
        "error: replication.tls.cert is empty: TLS between the nodes needs cert, key and ca\n"
        "error: replication.tls.ca is empty: TLS between the nodes needs cert, key and ca\n");
}

TEST_CASE("the second path needs both addresses, a peer that replicates, and its secret") {
  Config config = config_with({"mqtt://localhost"});
  config.replication.listen = "a:7400";
  config.replication.peer = "b:7400";
  config.replication.secret_file = "secret";
  FailoverConfig& failover = config.failover;
  failover.heartbeat_listen = "a:7401";
  failover.heartbeat_peer = "b:7401";
  CHECK(report(config).empty());
  failover.heartbeat_peer.clear();
  CHECK(report(config) ==
        "error: heartbeat.listen is set and heartbeat.peer is not: both nodes have both\n");
  failover.heartbeat_peer.swap(failover.heartbeat_listen);
  CHECK(report(config) ==
        "error: heartbeat.peer is set and heartbeat.listen is not: both nodes have both\n");
  failover.heartbeat_listen = failover.heartbeat_peer = "a:7401";
  CHECK(report(config).starts_with("error: heartbeat.peer = 'a:7401': this is the address of"));
  failover.heartbeat_peer = "b:0";
  CHECK(report(config) == "error: heartbeat.peer = 'b:0': expected a PORT from 1 to 65535\n");
  failover.heartbeat_peer = "b:7401";
  config.replication.secret_file.clear();
  config.replication.tls_cert = config.replication.tls_key = config.replication.tls_ca = "x.pem";
  CHECK(report(config).starts_with("error: heartbeat.listen would be an open door"));
  config.replication = {};
  CHECK(report(config).find("there is nobody to hear") != std::string::npos);
}

TEST_CASE("gateways are addresses, and leave time between a takeover and a primary alone") {
  Config config = config_with({"mqtt://localhost"});
  config.failover.gateways = {"192.0.2.1", "2001:db8::1"};
  CHECK(report(config).empty());
  config.failover.policy = FailoverPolicy::gateway;
  CHECK(report(config).empty());
  config.failover.silent_ms = 1'001;
  CHECK(
      report(config).starts_with("error: replication.timeout_ms = '2000': with failover.gateway"));
  config.failover.policy = FailoverPolicy::manual;
  CHECK(report(config) == "warning: failover.gateway is not used with this failover.policy\n");
  config.failover.gateways = {"router.example.org"};
  CHECK(report(config).find("error: failover.gateway = 'router.example.org': expected an IPv4") !=
        std::string::npos);
}

TEST_CASE("what is only in memory cannot be replicated") {
  Config config = config_with({"mqtt://localhost"});
  config.replication.listen = config.replication.peer = "localhost:7400";
  config.replication.secret_file = "secret";
  config.store.in_memory = true;
  CHECK(report(config).find("error: store.in_memory = true cannot be replicated") !=
        std::string::npos);
}

}  // namespace tandemq
