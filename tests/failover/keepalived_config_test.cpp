// etc/keepalived.conf.a and .b are the golden texts: compared here, or written anew by `make docs`,
// which sets TANDEMQ_WRITE_DOCS. tests/e2e/test_vip.py gives them to keepalived.
#include "failover/keepalived_config.hpp"

#include "tests/tidy/source.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

KeepalivedConfig node_a() {
  KeepalivedConfig config;
  config.node = "a";
  config.interface = "eth0";
  config.own_address = "192.0.2.1";
  config.peer_address = "192.0.2.2";
  config.vip = "192.0.2.10/24";
  config.role_file = "/run/tandemq/role";
  config.claim_file = "/run/tandemq/claim";
  return config;
}

KeepalivedConfig node_b() {
  KeepalivedConfig config = node_a();
  config.node = "b";
  std::swap(config.own_address, config.peer_address);
  return config;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::string error_of(const KeepalivedConfig& config) {
  const auto text = keepalived_config(config);
  return text ? "" : text.error().text;
}

}  // namespace

TEST_SUITE("generated") {
  TEST_CASE("etc/keepalived.conf.a and .b are what keepalived_config makes") {
    for (const KeepalivedConfig& config : {node_a(), node_b()}) {
      const std::string path = "etc/keepalived.conf." + config.node;
      const std::string text = keepalived_config(config).value();
      if (std::getenv("TANDEMQ_WRITE_DOCS") != nullptr)
        std::ofstream(std::filesystem::path(tidy::root()) / path) << text;
      const bool current = tidy::read_file(path) == text;
      CHECK_MESSAGE(current, path << " is old: run make docs");
    }
  }
}

TEST_CASE("the configuration of keepalived holds every value, and no placeholder") {
  KeepalivedConfig config = node_a();
  config.node = "left";
  config.interface = "bond0.7";
  config.own_address = "2001:db8::1";
  config.peer_address = "2001:db8::2";
  config.vip = "2001:db8::10/64";
  config.router_id = 7;
  config.role_file = "/run/mq/may_hold";
  config.claim_file = "/run/mq/outbids";
  const std::string text = keepalived_config(config).value();
  CHECK(has_line(text, "    router_id left"));
  CHECK(has_line(text, "    interface bond0.7"));
  CHECK(has_line(text, "    virtual_router_id 7"));
  CHECK(has_line(text, "    unicast_src_ip 2001:db8::1"));
  CHECK(has_line(text, "        2001:db8::2"));
  CHECK(has_line(text, "        2001:db8::10/64"));
  CHECK(has_line(text, "    file \"/run/mq/may_hold\""));
  CHECK(has_line(text, "    file \"/run/mq/outbids\""));
  CHECK(has_line(text, "    startup_script \"/bin/mkdir -p -m 0755 /run/mq\""));
  CHECK(text.find('%') == std::string::npos);
}

TEST_CASE("the folders of both files are made, each once") {
  KeepalivedConfig config = node_a();
  config.claim_file = "/run/other/claim";
  CHECK(has_line(keepalived_config(config).value(),
                 "    startup_script \"/bin/mkdir -p -m 0755 /run/tandemq /run/other\""));
}

TEST_CASE("a role file that is missing can not let a node have the virtual IP") {
  const std::string text = keepalived_config(node_a()).value();
  CHECK(has_line(text, "    weight 0 reverse"));
  CHECK(text.find("init_file") == std::string::npos);  // It would answer in tandemqd's place.
  CHECK(text.find("\n    nopreempt") == std::string::npos);
}

TEST_CASE("what keepalived would misunderstand is refused, by the name of the setting") {
  const auto refused = [](auto change) {
    KeepalivedConfig config = node_a();
    change(config);
    return error_of(config);
  };
  using Config = KeepalivedConfig;
  const auto says = [&](auto change, const char* words) {
    const std::string error = refused(change);
    CHECK_MESSAGE(error.find(words) != std::string::npos, error);
  };
  CHECK(error_of(node_a()).empty());
  says([](Config& c) { c.node = "a b"; }, "node.id = 'a b'");
  says([](Config& c) { c.interface = ""; }, "interface = ''");
  says([](Config& c) { c.interface = "an_interface_too_long"; }, "at most 15 characters");
  says([](Config& c) { c.own_address = "1 }"; }, "own address = '1 }'");
  says([](Config& c) { c.peer_address = ""; }, "peer address = ''");
  says([](Config& c) { c.peer_address = c.own_address; }, "those of two machines");
  says([](Config& c) { c.peer_address += "/24"; }, "without a prefix");
  says([](Config& c) { c.vip = "2001:db8::10/64"; }, "all three to be IPv4, or all IPv6");
  says([](Config& c) { c.vip = "192.0.2.10 # mine"; }, "vip.address = '192.0.2.10 # mine'");
  says([](Config& c) { c.router_id = 0; }, "router id = 0");
  says([](Config& c) { c.router_id = 256; }, "router id = 256");
  says([](Config& c) { c.role_file = "role"; }, "vip.role_file = 'role'");
  says([](Config& c) { c.claim_file = "/run/my \"claim"; }, "vip.claim_file");
}

}  // namespace tandemq
