#include "ctl/keepalived_choice.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

Config settings() {
  Config config;
  config.node_id = "b";
  config.failover.vip_address = "192.0.2.10/24";
  config.failover.vip_role_file = "/run/tandemq/role";
  config.failover.vip_claim_file = "/run/tandemq/claim";
  config.replication.listen = "10.0.0.2:7400";
  config.replication.peer = "10.0.0.1:7400";
  return config;
}

const std::vector<NetworkAddress> kHere = {{"lo", "127.0.0.1", 8},
                                           {"eth1", "10.0.0.2", 24},
                                           {"eth0", "192.0.2.2", 24},
                                           {"eth0", "192.0.2.10", 24},
                                           {"eth0", "2001:db8::2", 64}};

KeepalivedConfig chosen(const Config& config, const KeepalivedWords& words) {
  const auto choice = keepalived_choice(config, words, kHere);
  REQUIRE_MESSAGE(choice.has_value(), choice.error().text);
  return *choice;
}

std::string problem(const Config& config, const KeepalivedWords& words) {
  const auto choice = keepalived_choice(config, words, kHere);
  return choice ? "" : choice.error().text;
}

bool has(const std::string& text, const char* words) {
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("the interface and the own address are those beside the virtual IP, not the virtual IP") {
  const KeepalivedConfig choice = chosen(settings(), {.peer_ip = "192.0.2.1"});
  CHECK(choice.interface == "eth0");
  CHECK(choice.own_address == "192.0.2.2");
  CHECK(choice.peer_address == "192.0.2.1");
  CHECK(choice.node == "b");
  CHECK(choice.vip == "192.0.2.10/24");
  CHECK(choice.router_id == 83);
  CHECK(chosen(settings(), {.peer_ip = "192.0.2.1", .router_id = 7}).router_id == 7);
}

TEST_CASE("a peer in another network than the clients has to be named") {
  CHECK(has(problem(settings(), {}), "--peer-ip"));
}

TEST_CASE("with one network for clients and replication nothing has to be named") {
  Config config = settings();
  config.failover.vip_address = "10.0.0.10";
  const KeepalivedConfig choice = chosen(config, {});
  CHECK(choice.interface == "eth1");
  CHECK(choice.own_address == "10.0.0.2");
  CHECK(choice.peer_address == "10.0.0.1");
}

TEST_CASE("a virtual IP in a network of its own goes where replication listens, or as named") {
  Config config = settings();
  config.failover.vip_address = "198.51.100.1/32";
  CHECK(chosen(config, {}).interface == "eth1");
  const KeepalivedConfig named =
      chosen(config, {.interface = "eth0", .own_ip = "192.0.2.2", .peer_ip = "192.0.2.1"});
  CHECK(named.own_address == "192.0.2.2");
  config.replication.listen = "0.0.0.0:7400";
  CHECK(has(problem(config, {}), "--interface and --own-ip"));
}

TEST_CASE("an IPv6 virtual IP has an IPv6 address beside it") {
  Config config = settings();
  config.failover.vip_address = "2001:db8::10/64";
  CHECK(chosen(config, {.peer_ip = "2001:db8::1"}).own_address == "2001:db8::2");
}

TEST_CASE("what is not here is taken as the operator says it") {
  const KeepalivedConfig choice =
      chosen(settings(), {.interface = "bond0", .own_ip = "192.0.2.7", .peer_ip = "192.0.2.8"});
  CHECK(choice.interface == "bond0");
  CHECK(choice.own_address == "192.0.2.7");
}

TEST_CASE("a key that is not set is named, with an example") {
  Config config = settings();
  config.failover.vip_claim_file.clear();
  CHECK(has(problem(config, {}), "vip.claim_file = /run/tandemq/claim"));
  config.failover.vip_role_file.clear();
  CHECK(has(problem(config, {}), "vip.role_file = /run/tandemq/role"));
  config.failover.vip_address.clear();
  CHECK(has(problem(config, {}), "vip.address = 192.0.2.10/24"));
}
