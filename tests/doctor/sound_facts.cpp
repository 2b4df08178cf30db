#include "tests/doctor/sound_facts.hpp"

#include "tests/tidy/source.hpp"

#include <algorithm>

namespace tandemq::tests {

using namespace doctor;

Facts sound_facts() {
  Config config;
  config.failover.vip_role_file = "/run/tandemq/role";
  config.failover.vip_claim_file = "/run/tandemq/claim";
  config.failover.vip_address = "192.0.2.10/24";
  config.replication.listen = "192.0.2.1:7400";
  config.replication.peer = "192.0.2.2:7400";
  config.replication.secret_file = "/etc/tandemq/secret";
  Facts facts;
  facts.config = config;
  facts.version = facts.own_version = facts.peer_version = "1.0";
  facts.leads = true;
  facts.failover_role = "paired";
  facts.phase = "streaming";
  facts.in_sync = true;
  facts.files_max = 1'048'576;
  facts.memory_pressure = "none";
  facts.memory_max_bytes = 1'073'741'824;
  facts.net_raw = true;
  facts.vip_here = true;
  facts.peer_connected = true;
  facts.clock_offset_ms = 3;
  facts.peer_vip_here = false;
  facts.data_dir_exists = true;
  facts.disk_free_bytes = 100ULL << 30U;
  facts.secret.exists = true;
  facts.role_folder.exists = true;
  facts.claim_folder.exists = true;
  facts.keepalived_runs = true;
  facts.keepalived_path = "/etc/keepalived/keepalived.conf";
  facts.keepalived = read_keepalived_file(tidy::read_file("etc/keepalived.conf.a"));
  return facts;
}

bool found(const Facts& facts, std::string_view check, Verdict::Level level,
           std::string_view words) {
  const auto verdicts = examine(facts);
  return std::any_of(verdicts.begin(), verdicts.end(), [&](const Verdict& verdict) {
    return verdict.check == check && verdict.level == level &&
           verdict.text.find(words) != std::string::npos;
  });
}

}  // namespace tandemq::tests
