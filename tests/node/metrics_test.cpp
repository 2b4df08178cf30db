#include "node/metrics.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <prometheus/check_names.h>

namespace tandemq {
namespace {

StatusReport busy() {
  StatusReport report;
  report.uptime_ms = 90'500;
  report.connections = 3;
  report.sessions = 4;
  report.subscriptions = 6;
  report.filters = 5;
  report.retained_count = 7;
  report.retained_bytes = 7'000;
  report.wills = 2;
  report.messages_stored = 11;
  report.queued_count = 12;
  report.inflight_count = 13;
  report.publishers_blocked = 1;
  for (std::size_t i = 0; i < report.drops.size(); ++i) report.drops[i] = 100 + i;
  report.counters.messages_received = {20, 21, 22};
  report.counters.messages_sent = {30, 31, 32};
  for (std::size_t i = 0; i < kCommitLevels; ++i) report.counters.acknowledged[i] = 40 + i;
  report.counters.bytes_received = 1ULL << 40U;
  report.counters.takeovers = 9;
  report.counters.connections_refused = 8;
  return report;
}

NodeFigures node_with(std::optional<CoreFigures> core) {
  return {"0.1", "a", "tandemq", "written", 5'000'000, 7'000'000'000, std::move(core)};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Name with labels, and value, of every sample.
std::map<std::string, double> samples_of(const std::string& text) {
  std::map<std::string, double> samples;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with('#')) continue;
    const std::size_t blank = line.rfind(' ');
    REQUIRE(blank != std::string::npos);
    const bool first = samples.emplace(line.substr(0, blank), std::stod(line.substr(blank))).second;
    CHECK_MESSAGE(first, "twice: " << line);
  }
  return samples;
}

std::map<std::string, double> samples(const NodeFigures& node) {
  return samples_of(metrics_text(node, Measures()));
}

CoreFigures leading(std::optional<PeerFigures> peer = std::nullopt) {
  CoreFigures core{true, 3, 77, 8, 2, {}, busy()};
  core.peer = peer;
  return core;
}

}  // namespace

TEST_CASE("TLS has figures where a listener has it") {
  CoreFigures core = leading();
  CHECK_FALSE(samples(node_with(core)).contains("tandemq_tls_handshakes_total{result=\"full\"}"));
  core.websocket = WebSocketFigures{4, 5};
  core.tls = TlsFigures{1, 2, 3, {{"mqtts://a", 86'400}, {"mqtts://b", -5}}};
  const auto seen = samples(node_with(core));
  CHECK(seen.at("tandemq_websocket_upgrades_total{result=\"done\"}") == 4);
  CHECK(seen.at("tandemq_websocket_upgrades_total{result=\"refused\"}") == 5);
  CHECK(seen.at("tandemq_tls_handshakes_total{result=\"full\"}") == 1);
  CHECK(seen.at("tandemq_tls_handshakes_total{result=\"resumed\"}") == 2);
  CHECK(seen.at("tandemq_tls_handshakes_total{result=\"failed\"}") == 3);
  CHECK(seen.at("tandemq_tls_certificate_expires_seconds{listener=\"mqtts://a\"}") == 86'400);
  CHECK(seen.at("tandemq_tls_certificate_expires_seconds{listener=\"mqtts://b\"}") == -5);
}

TEST_CASE("refused connections to listeners for proxies are counted by reason") {
  CoreFigures core = leading();
  const std::string refused = "tandemq_proxy_refused_total{reason=";
  CHECK_FALSE(samples(node_with(core)).contains(refused + "\"header\"}"));
  core.proxy = ProxyFigures{4, 5};
  const auto seen = samples(node_with(core));
  CHECK(seen.at(refused + "\"stranger\"}") == 4);
  CHECK(seen.at(refused + "\"header\"}") == 5);
}

TEST_CASE("each value of a node that serves stands under its name and label") {
  const auto seen = samples(node_with(leading()));
  const std::map<std::string, double> expected = {
      {"tandemq_core_up", 1},
      {"tandemq_resident_memory_bytes", 5'000'000},
      {"tandemq_disk_free_bytes", 7'000'000'000},
      {"tandemq_role{role=\"primary\"}", 1},
      {"tandemq_role{role=\"standby\"}", 0},
      {"tandemq_term", 3},
      {"tandemq_log_position", 77},
      {"tandemq_role_changes_total", 8},
      {"tandemq_failovers_total", 2},
      {"tandemq_uptime_seconds", 90.5},
      {"tandemq_connections", 3},
      {"tandemq_sessions", 4},
      {"tandemq_subscriptions", 6},
      {"tandemq_filters", 5},
      {"tandemq_queued_messages", 12},
      {"tandemq_inflight_messages", 13},
      {"tandemq_stored_messages", 11},
      {"tandemq_retained_messages", 7},
      {"tandemq_retained_bytes", 7'000},
      {"tandemq_wills", 2},
      {"tandemq_blocked_publishers", 1},
      {"tandemq_messages_received_total{qos=\"0\"}", 20},
      {"tandemq_messages_received_total{qos=\"2\"}", 22},
      {"tandemq_messages_sent_total{qos=\"1\"}", 31},
      {"tandemq_received_bytes_total", 1'099'511'627'776},
      {"tandemq_messages_acknowledged_total{level=\"memory\"}", 40},
      {"tandemq_messages_acknowledged_total{level=\"local\"}", 42},
      {"tandemq_messages_dropped_total{reason=\"queue_full\"}", 100},
      {"tandemq_messages_dropped_total{reason=\"disk_full\"}", 109},
      {"tandemq_takeovers_total", 9},
      {"tandemq_connections_refused_total", 8},
  };
  for (const auto& row : expected) {
    CAPTURE(row.first);
    REQUIRE(seen.contains(row.first));
    CHECK(seen.at(row.first) == doctest::Approx(row.second));
  }
  CHECK(
      seen.contains("tandemq_node_info{version=\"0.1\",node=\"a\",cluster=\"tandemq\","
                    "mode=\"written\"}"));
}

TEST_CASE("every limit has its sample, and the memory its own") {
  CoreFigures core = leading();
  for (std::size_t i = 0; i < kLimits; ++i) core.broker->limit_hits[i] = 50 + i;
  core.broker->pressure = Pressure::connections;
  core.broker->publishers_held = 4;
  core.broker->memory_max_bytes = 1'000;
  const auto seen = samples(node_with(core));
  for (std::size_t i = 0; i < kLimits; ++i) {
    const std::string limit(name(static_cast<Limit>(i)));
    CHECK(seen.at("tandemq_limit_hits_total{limit=\"" + limit + "\"}") ==
          static_cast<double>(50 + i));
  }
  CHECK(seen.at("tandemq_memory_pressure") == 2);
  CHECK(seen.at("tandemq_held_publishers") == 4);
  CHECK(seen.at("tandemq_memory_max_bytes") == 1'000);
}

TEST_CASE("every reason of a drop and every level has its sample") {
  const auto seen = samples(node_with(leading()));
  const auto count = [&](const std::string& family) {
    return std::count_if(seen.begin(), seen.end(),
                         [&](const auto& one) { return one.first.starts_with(family + "{"); });
  };
  CHECK(count("tandemq_messages_dropped_total") == static_cast<int>(DropReason::count));
  CHECK(count("tandemq_messages_acknowledged_total") == static_cast<int>(kCommitLevels));
}

TEST_CASE("every family has a sentence, a type and a name in the style of Prometheus") {
  CoreFigures core = leading(PeerFigures{true, true, 1, 2, 3, 4});
  const std::string text = metrics_text(node_with(core), Measures());
  std::set<std::string> families;
  std::string helped;
  for (const std::string& line : lines_of(text)) {
    CAPTURE(line);
    std::istringstream words(line);
    std::string hash, kind, name, rest;
    words >> hash >> kind >> name;
    std::getline(words, rest);
    if (!line.starts_with('#')) continue;
    if (kind == "HELP") {
      CHECK(families.insert(name).second);
      CHECK(prometheus::CheckMetricName(name));
      CHECK(name.starts_with("tandemq_"));
      CHECK(rest.ends_with('.'));
      helped = name;
    } else {
      CHECK(kind == "TYPE");
      CHECK(name == helped);
      CHECK((rest == " counter") == name.ends_with("_total"));
      for (const char* wrong : {"_ms", "_ns", "_s", "_kb"}) CHECK_FALSE(name.ends_with(wrong));
    }
  }
  CHECK(families.size() > 30);
}

TEST_CASE("a standby tells of its role, log, link and machine, and not of clients") {
  CoreFigures core{false, 3, 70, 0, 0, PeerFigures{true, true, 7}, std::nullopt};
  core.peer->heard_ms_before = 250;
  const auto seen = samples(node_with(core));
  CHECK(seen.at("tandemq_role{role=\"primary\"}") == 0);
  CHECK(seen.at("tandemq_role{role=\"standby\"}") == 1);
  CHECK(seen.at("tandemq_log_position") == 70);
  CHECK(seen.at("tandemq_peer_connected") == 1);
  CHECK(seen.at("tandemq_peer_in_sync") == 1);
  CHECK(seen.at("tandemq_replication_lag_records") == 7);
  CHECK(seen.at("tandemq_primary_silence_seconds") == doctest::Approx(0.25));
  CHECK_FALSE(seen.contains("tandemq_replication_lag_bytes"));
  CHECK_FALSE(seen.contains("tandemq_replication_lag_seconds"));
  CHECK_FALSE(seen.contains("tandemq_second_path_silence_seconds"));
  CHECK_FALSE(seen.contains("tandemq_gateway_answers"));
  CHECK_FALSE(seen.contains("tandemq_connections"));
  CHECK(seen.contains("tandemq_resident_memory_bytes"));
}

TEST_CASE("a core that does not answer leaves what can be told without it") {
  NodeFigures node = node_with(std::nullopt);
  node.disk_free_bytes.reset();  // As with a store in memory.
  const auto seen = samples(node);
  CHECK(seen.at("tandemq_core_up") == 0);
  CHECK(seen.contains("tandemq_resident_memory_bytes"));
  CHECK_FALSE(seen.contains("tandemq_term"));
  CHECK_FALSE(seen.contains("tandemq_disk_free_bytes"));
  CHECK(seen.contains("tandemq_fsync_duration_seconds_count"));
}

TEST_CASE("the buckets of a histogram rise to its count, in seconds") {
  Measures measures;
  measures.fsync_ns.observe(200'000);     // 0.2 ms
  measures.fsync_ns.observe(30'000'000);  // 30 ms
  measures.fsync_ns.observe(60'000'000'000);
  measures.group_records.observe(3);
  const auto seen = samples_of(metrics_text(node_with(leading()), measures));
  const std::string bucket = "tandemq_fsync_duration_seconds_bucket{le=\"";
  CHECK(seen.at(bucket + "0.0001\"}") == 0);
  CHECK(seen.at(bucket + "0.00025\"}") == 1);
  CHECK(seen.at(bucket + "0.05\"}") == 2);
  CHECK(seen.at(bucket + "10\"}") == 2);
  CHECK(seen.at(bucket + "+Inf\"}") == 3);
  CHECK(seen.at("tandemq_fsync_duration_seconds_count") == 3);
  CHECK(seen.at("tandemq_fsync_duration_seconds_sum") == doctest::Approx(60.0302));
  CHECK(seen.at("tandemq_fsync_records_bucket{le=\"2\"}") == 0);
  CHECK(seen.at("tandemq_fsync_records_bucket{le=\"4\"}") == 1);
  CHECK(seen.at("tandemq_fsync_records_sum") == 3);
}

TEST_CASE("a name that an operator chose cannot break the text") {
  NodeFigures node = node_with(std::nullopt);
  node.cluster_id = "a\"b\\c\nd";
  const auto seen = samples(node);
  CHECK(
      seen.contains("tandemq_node_info{version=\"0.1\",node=\"a\",cluster=\"a\\\"b\\\\c\\nd\","
                    "mode=\"written\"}"));
}

TEST_CASE("the figures of the core are those of the replication status") {
  const Json alone{{"role", "primary"}, {"node", "a"}, {"term", 2}, {"lsn", 9}};
  const CoreFigures one = core_figures(alone);
  CHECK(one.leads);
  CHECK(one.term == 2);
  CHECK(one.lsn == 9);
  CHECK_FALSE(one.peer.has_value());

  Json paired = alone;
  paired["peer"] = {{"connected", true}, {"in_sync", true}, {"lsn", 8}};
  paired["replication"] = {{"lag_records", 1}, {"lag_bytes", 250}, {"lag_ms", 1'250}};
  const CoreFigures two = core_figures(paired);
  REQUIRE(two.peer.has_value());
  CHECK(two.peer->connected);
  CHECK(two.peer->in_sync);
  CHECK(two.peer->lag_records == 1);
  CHECK(two.peer->lag_bytes == std::optional<std::uint64_t>(250));
  CHECK(samples(node_with(two)).at("tandemq_replication_lag_seconds") == doctest::Approx(1.25));
  CHECK_FALSE(two.peer->heard_ms_before.has_value());

  Json standby = alone;
  standby["role"] = "standby";
  standby["peer"] = {{"connected", false}, {"heard_ms_ago", 1'500}};
  const CoreFigures three = core_figures(standby);
  CHECK_FALSE(three.leads);
  REQUIRE(three.peer.has_value());
  CHECK_FALSE(three.peer->connected);
  CHECK(three.peer->heard_ms_before == std::optional<std::uint64_t>(1'500));
  CHECK_FALSE(three.peer->second_path_ms_before.has_value());
  CHECK_FALSE(three.peer->gateway_answers.has_value());
}

TEST_CASE("the second path and the gateways have figures where they are used") {
  Json status{{"role", "standby"}, {"peer", Json::object()}};
  status["failover"] = {{"second_path", {{"heard", true}, {"heard_ms_ago", 40}}},
                        {"gateway", {{"answers", true}}}};
  CoreFigures core = core_figures(status);
  REQUIRE(core.peer.has_value());
  const auto seen = samples(node_with(core));
  CHECK(seen.at("tandemq_second_path_silence_seconds") == doctest::Approx(0.04));
  CHECK(seen.at("tandemq_gateway_answers") == 1);
  status["failover"] = {{"second_path", {{"heard", false}}}, {"gateway", {{"answers", false}}}};
  core = core_figures(status);
  CHECK_FALSE(core.peer->second_path_ms_before.has_value());
  CHECK(core.peer->gateway_answers == std::optional<bool>(false));
}

TEST_CASE("a witness has figures where there is one, and an age once it has answered") {
  Json status{{"role", "standby"}, {"peer", Json::object()}};
  CHECK_FALSE(core_figures(status).peer->witness_answers.has_value());
  status["witness"] = {{"answers", false}};
  CHECK_FALSE(core_figures(status).peer->witness_ms_before.has_value());
  status["witness"] = {{"answers", true}, {"age_ms", 250}};
  const auto seen = samples(node_with(core_figures(status)));
  CHECK(seen.at("tandemq_witness_answers") == 1);
  CHECK(seen.at("tandemq_witness_age_seconds") == doctest::Approx(0.25));
}

}  // namespace tandemq
