#include "doctor/checks.hpp"

#include "tests/doctor/sound_facts.hpp"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::doctor;
using tests::found;
using tests::sound_facts;

namespace {

bool all_ok(const Facts& facts) {
  const auto verdicts = examine(facts);
  return std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict& verdict) {
    return verdict.level == Verdict::Level::ok && !verdict.text.empty();
  });
}

}  // namespace

TEST_CASE("of a pair in order every check says so, in one line, and none is left out") {
  const auto verdicts = examine(sound_facts());
  CHECK(all_ok(sound_facts()));
  for (const char* check : {"daemon", "configuration", "data", "files", "secrets", "peer", "pair",
                            "versions", "clocks", "vip", "keepalived", "policy", "wake"})
    CHECK_MESSAGE(std::any_of(verdicts.begin(), verdicts.end(),
                              [&](const Verdict& verdict) { return verdict.check == check; }),
                  check);
  for (const Verdict& verdict : verdicts) CHECK(verdict.text.find('\n') == std::string::npos);
}

TEST_CASE("a broker that does not answer is an error that says how to start it") {
  Facts facts = sound_facts();
  facts.no_answer = "Nobody answers.";
  CHECK(found(facts, "daemon", Verdict::Level::error, "systemctl start tandemq"));
  CHECK_FALSE(found(facts, "pair", Verdict::Level::ok, ""));
}

TEST_CASE("a broker of another version than tandemqctl has not been restarted") {
  Facts facts = sound_facts();
  facts.own_version = "2";
  CHECK(found(facts, "daemon", Verdict::Level::warning, "restart tandemqd"));
}

TEST_CASE("what is wrong with the settings is passed on, and without settings little is known") {
  Facts facts = sound_facts();
  facts.config_findings = {{Finding::Weight::warning, "one"}, {Finding::Weight::error, "two\nx"}};
  CHECK(found(facts, "configuration", Verdict::Level::warning, "one"));
  CHECK(found(facts, "configuration", Verdict::Level::error, "two x"));
  Facts none = sound_facts();
  none.config.reset();
  CHECK(found(none, "configuration", Verdict::Level::error, "--config"));
  CHECK(examine(none).size() <= 5);
}

TEST_CASE("a data.dir that is not there, and a disk that is nearly full, are told") {
  Facts facts = sound_facts();
  facts.data_dir_exists = false;
  CHECK(found(facts, "data", Verdict::Level::error, "does not exist"));
  facts.data_dir_exists = true;
  facts.disk_free_bytes = facts.config->store.low_bytes + 1;
  CHECK(found(facts, "data", Verdict::Level::warning, "make room"));
  facts.disk_free_bytes = facts.config->store.low_bytes - 1;
  CHECK(found(facts, "data", Verdict::Level::error, "nothing new is taken"));
  facts.disk_free_bytes = facts.config->store.floor_bytes - 1;
  CHECK(found(facts, "data", Verdict::Level::error, "does not start"));
}

TEST_CASE("too few files for the connections are a warning, and if unknown nothing is said") {
  Facts facts = sound_facts();
  facts.files_max = facts.config->limits.max_connections + 99;
  CHECK(found(facts, "files", Verdict::Level::warning, "LimitNOFILE"));
  facts.files_max = 0;
  CHECK_FALSE(found(facts, "files", Verdict::Level::ok, ""));
}

TEST_CASE("memory that is short is told, and if unknown nothing is said") {
  Facts facts = sound_facts();
  CHECK(found(facts, "memory", Verdict::Level::ok, "1024 MB"));
  facts.memory_pressure = "publishers";
  CHECK(found(facts, "memory", Verdict::Level::warning, "not read from"));
  facts.memory_pressure = "connections";
  CHECK(found(facts, "memory", Verdict::Level::error, "nobody is let in"));
  facts.memory_pressure = "";
  CHECK_FALSE(found(facts, "memory", Verdict::Level::ok, ""));
}

TEST_CASE("a secret that others may read, that is missing or that cannot be seen is told") {
  Facts facts = sound_facts();
  facts.secret.readable_by_others = true;
  CHECK(found(facts, "secrets", Verdict::Level::warning, "chmod 600"));
  facts.secret = {};
  CHECK(found(facts, "secrets", Verdict::Level::error, "copy it from the other node"));
  facts.secret.unreadable = "Permission denied";
  CHECK(found(facts, "secrets", Verdict::Level::warning, "as root"));
  facts = sound_facts();
  facts.config->replication.tls_key = "/etc/key";
  facts.key = {true, true, ""};
  CHECK(found(facts, "secrets", Verdict::Level::warning, "replication.tls.key"));
}

TEST_CASE("a certificate of a listener that is bad, or will soon be, is told with the remedy") {
  Facts facts = sound_facts();
  facts.certificates = {{"mqtts://h:1", "", 100 * 86'400, "/etc/key", false}};
  CertificateFacts& one = facts.certificates.front();
  CHECK(found(facts, "certificates", Verdict::Level::ok, "mqtts://h:1 is valid for 100 days"));
  one.key_readable_by_all = true;
  CHECK(found(facts, "certificates", Verdict::Level::warning, "/etc/key may be read by everybody"));
  one.expires_in_s = 14 * 86'400 - 1;
  CHECK(found(facts, "certificates", Verdict::Level::warning, "expires in 13 days"));
  one.expires_in_s = -1;
  CHECK(found(facts, "certificates", Verdict::Level::error, "tandemqctl tls reload"));
  one.problem = "cert = '/a': cannot be read";
  CHECK(found(facts, "certificates", Verdict::Level::error, "cannot be read; tandemqd does not"));
}

TEST_CASE("a peer that is this node itself is told before all else of it") {
  Facts facts = sound_facts();
  facts.peer_is_self = true;
  facts.no_answer = "Nobody answers.";
  CHECK(found(facts, "peer", Verdict::Level::error, "is this node itself"));
}

TEST_CASE("a peer that is not connected is told with the reason, or with where to look") {
  Facts facts = sound_facts();
  facts.peer_connected = false;
  facts.peer_problem = "the peer 'a' has our own node.id";
  CHECK(found(facts, "peer", Verdict::Level::error, "has our own node.id"));
  facts.peer_problem.clear();
  CHECK(found(facts, "peer", Verdict::Level::error, "firewall"));
  facts.phase = "nobody leads";
  CHECK(found(facts, "peer", Verdict::Level::ok, "answers"));
}

TEST_CASE("a node alone has nothing that is about a pair") {
  Facts facts = sound_facts();
  facts.config->replication = {};
  facts.config->failover = {};
  CHECK(found(facts, "peer", Verdict::Level::ok, "is alone"));
  for (const char* check : {"pair", "policy", "vip", "keepalived", "wake", "secrets"})
    CHECK_FALSE(found(facts, check, Verdict::Level::ok, ""));
}

TEST_CASE("a pair without a leader, without a standby in sync or with held acknowledgements") {
  Facts facts = sound_facts();
  facts.in_sync = false;
  CHECK(found(facts, "pair", Verdict::Level::warning, "not in sync"));
  facts.outdated = true;
  CHECK(found(facts, "pair", Verdict::Level::warning, "went on without this node"));
  facts.failover_role = "stalled";
  CHECK(found(facts, "pair", Verdict::Level::error, "acknowledgements are held"));
  facts.phase = "nobody leads";
  CHECK(found(facts, "pair", Verdict::Level::error, "neither node leads"));
}

TEST_CASE("two versions are a warning, and one that is not known is nothing") {
  Facts facts = sound_facts();
  facts.peer_version = "0.9";
  CHECK(found(facts, "versions", Verdict::Level::warning, "upgrade the older one"));
  facts.peer_version.clear();
  CHECK_FALSE(found(facts, "versions", Verdict::Level::ok, ""));
}

TEST_CASE("clocks a second apart are a warning, a minute apart an error") {
  Facts facts = sound_facts();
  facts.clock_offset_ms = -1'000;
  CHECK(found(facts, "clocks", Verdict::Level::warning, "1000 ms behind"));
  facts.clock_offset_ms = 60'000;
  CHECK(found(facts, "clocks", Verdict::Level::error, "60000 ms ahead of"));
  facts.clock_offset_ms.reset();
  CHECK_FALSE(found(facts, "clocks", Verdict::Level::ok, ""));
}

TEST_CASE("of each policy it is said what it cannot promise") {
  Facts facts = sound_facts();
  FailoverConfig& failover = facts.config->failover;
  CHECK(found(facts, "policy", Verdict::Level::ok, "both lead until it is back"));
  failover.gateways = {"192.0.2.1"};
  CHECK(found(facts, "policy", Verdict::Level::ok, "both still reach a gateway"));
  failover.policy = FailoverPolicy::heartbeat;
  CHECK(found(facts, "policy", Verdict::Level::ok, "policy heartbeat"));
  failover.policy = FailoverPolicy::fence;
  CHECK(found(facts, "policy", Verdict::Level::ok, "fence_command fails"));
  failover.policy = FailoverPolicy::gateway;
  CHECK(found(facts, "policy", Verdict::Level::ok, "both still reach a gateway"));
  failover.policy = FailoverPolicy::manual;
  CHECK(found(facts, "policy", Verdict::Level::ok, "nobody takes over by itself"));
  facts.config->witness.etcd = {"http://192.0.2.3:2379"};
  CHECK_FALSE(found(facts, "policy", Verdict::Level::ok, ""));
}

TEST_CASE("a broker that may not send what wakes idle clients is told") {
  Facts facts = sound_facts();
  facts.net_raw = false;
  CHECK(found(facts, "wake", Verdict::Level::warning, "CAP_NET_RAW"));
}

TEST_CASE("a witness that does not answer, or has no record, is an error") {
  Facts facts = sound_facts();
  CHECK_FALSE(found(facts, "witness", Verdict::Level::ok, ""));
  facts.witness_answers = true;
  CHECK(found(facts, "witness", Verdict::Level::ok, "answers"));
  facts.witness_answers = false;
  CHECK(found(facts, "witness", Verdict::Level::error, "has not answered yet"));
  facts.witness_trouble = "connection refused";
  CHECK(found(facts, "witness", Verdict::Level::error, "connection refused"));
}
