#include "node/metrics.hpp"

#include "config/ack_rule.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace tandemq {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Label = ClientMetric::Label;

constexpr double kNs = 1e-9;  // In seconds.
constexpr double kMs = 1e-3;
constexpr const char* kPrefix = "tandemq_";

// The families in the order in which they are added.
class MetricsPage {
 public:
  // A number that comes and goes, and one that only rises. More values of a family that was added
  // last carry another label.
  void gauge(const char* name, const char* help, double value, Label label = {}) {
    ClientMetric& metric = add(name, help, MetricType::Gauge, std::move(label));
    metric.gauge.value = value;
  }
  void counter(const char* name, const char* help, std::uint64_t value, Label label = {}) {
    ClientMetric& metric = add(name, help, MetricType::Counter, std::move(label));
    metric.counter.value = static_cast<double>(value);
  }
  void info(const char* name, const char* help, std::vector<Label> labels) {
    ClientMetric& metric = add(name, help, MetricType::Gauge, {});
    metric.gauge.value = 1;
    metric.label = std::move(labels);
  }
  // `unit` is what one of the histogram's numbers is in the metric's unit.
  void histogram(const char* name, const char* help, const Histogram& histogram, double unit) {
    const Histogram::Snapshot seen = histogram.snapshot();
    ClientMetric::Histogram& out = add(name, help, MetricType::Histogram, {}).histogram;
    out.sample_count = seen.count;
    out.sample_sum = static_cast<double>(seen.sum) * unit;
    std::uint64_t up_to = 0;
    for (std::size_t i = 0; i < seen.bounds.size(); ++i) {
      up_to += seen.counts[i];
      out.bucket.push_back({up_to, static_cast<double>(seen.bounds[i]) * unit});
    }
  }
  [[nodiscard]] std::string text() const {
    return prometheus::TextSerializer().prometheus::Serializer::Serialize(families_);
  }

 private:
  ClientMetric& add(const char* name, const char* help, MetricType type, Label label) {
    const std::string full = std::string(kPrefix) + name;
    if (families_.empty() || families_.back().name != full)
      families_.push_back({full, help, type, {}});
    ClientMetric& metric = families_.back().metric.emplace_back();
    if (!label.name.empty()) metric.label.push_back(std::move(label));
    return metric;
  }

  std::vector<MetricFamily> families_;
};

void add_node(MetricsPage& page, const NodeFigures& node) {
  page.info("node_info", "Always 1; the labels say which node this is and how it is set up.",
            {{"version", node.version},
             {"node", node.node_id},
             {"cluster", node.cluster_id},
             {"mode", node.mode}});
  page.gauge("core_up", "1 if the core thread answers, 0 if it does not.", node.core ? 1 : 0);
  page.gauge("resident_memory_bytes", "Memory of the process that is in use.",
             static_cast<double>(node.resident_bytes));
  if (node.disk_free_bytes)
    page.gauge("disk_free_bytes", "What is free on the disk of data.dir.",
               static_cast<double>(*node.disk_free_bytes));
}

void add_role(MetricsPage& page, const CoreFigures& core) {
  constexpr const char* kRole = "1 at the role that this node has, 0 at the other one.";
  page.gauge("role", kRole, core.leads ? 1 : 0, {"role", "primary"});
  page.gauge("role", kRole, core.leads ? 0 : 1, {"role", "standby"});
  page.gauge("term", "The newest term that this node knows of; each new primary begins one.",
             static_cast<double>(core.term));
  page.gauge("log_position", "The number of the last record of this node's log.",
             static_cast<double>(core.lsn));
  page.counter("role_changes_total", "Changes of this node's role since its process has started.",
               core.role_changes);
  page.counter("failovers_total", "Times that this node has begun to lead since then.",
               core.failovers);
}

void add_peer(MetricsPage& page, const PeerFigures& peer) {
  page.gauge("peer_connected", "1 while there is a connection to the other node.",
             peer.connected ? 1 : 0);
  page.gauge("peer_in_sync", "1 while acknowledged messages are on both nodes.",
             peer.in_sync ? 1 : 0);
  page.gauge("replication_lag_records", "Records that the standby lacks, as far as is known.",
             static_cast<double>(peer.lag_records));
  if (peer.lag_bytes)
    page.gauge("replication_lag_bytes", "Bytes of the records that the standby lacks.",
               static_cast<double>(*peer.lag_bytes));
  if (peer.lag_ms)
    page.gauge("replication_lag_seconds",
               "How long the oldest record that the standby has not acknowledged has waited.",
               static_cast<double>(*peer.lag_ms) * kMs);
  if (peer.heard_ms_before)
    page.gauge("primary_silence_seconds", "How long ago this standby has heard of its primary.",
               static_cast<double>(*peer.heard_ms_before) * kMs);
  if (peer.second_path_ms_before)
    page.gauge("second_path_silence_seconds",
               "How long ago this node has heard the other one on the second path.",
               static_cast<double>(*peer.second_path_ms_before) * kMs);
  if (peer.gateway_answers)
    page.gauge("gateway_answers", "1 while one of failover.gateway answers.",
               *peer.gateway_answers ? 1 : 0);
  if (peer.witness_answers)
    page.gauge("witness_answers", "1 while the witness answers, and its record is of use.",
               *peer.witness_answers ? 1 : 0);
  if (peer.witness_ms_before)
    page.gauge("witness_age_seconds", "How long ago the witness has answered.",
               static_cast<double>(*peer.witness_ms_before) * kMs);
}

void add_tls(MetricsPage& page, const TlsFigures& tls) {
  constexpr const char* kHandshakes =
      "Handshakes of TLS with clients: full ones, those that resumed a session, those that failed.";
  page.counter("tls_handshakes_total", kHandshakes, tls.handshakes_full, {"result", "full"});
  page.counter("tls_handshakes_total", kHandshakes, tls.handshakes_resumed, {"result", "resumed"});
  page.counter("tls_handshakes_total", kHandshakes, tls.handshakes_failed, {"result", "failed"});
  for (const CertificateFigures& certificate : tls.certificates)
    page.gauge("tls_certificate_expires_seconds",
               "How long the certificate of a listener is still valid; less than 0: it is not.",
               static_cast<double>(certificate.expires_in_s), {"listener", certificate.listener});
}

void add_websocket(MetricsPage& page, const WebSocketFigures& websocket) {
  constexpr const char* kUpgrades = "Clients that asked for a WebSocket, and what they got.";
  page.counter("websocket_upgrades_total", kUpgrades, websocket.upgraded, {"result", "done"});
  page.counter("websocket_upgrades_total", kUpgrades, websocket.refused, {"result", "refused"});
}

void add_proxy(MetricsPage& page, const ProxyFigures& proxy) {
  constexpr const char* kRefused =
      "Connections to listeners for proxies that were refused: from an address that is no proxy, "
      "without a good PROXY header.";
  page.counter("proxy_refused_total", kRefused, proxy.strangers_refused, {"reason", "stranger"});
  page.counter("proxy_refused_total", kRefused, proxy.headers_refused, {"reason", "header"});
}

void add_state(MetricsPage& page, const StatusReport& broker) {
  const auto gauge = [&](const char* name, const char* help, auto value) {
    page.gauge(name, help, static_cast<double>(value));
  };
  page.gauge("uptime_seconds", "How long this node has been serving.",
             static_cast<double>(broker.uptime_ms) * kMs);
  gauge("connections", "Connections of clients.", broker.connections);
  gauge("sessions", "Sessions, with those whose client is away.", broker.sessions);
  gauge("subscriptions", "Subscriptions of all sessions.", broker.subscriptions);
  gauge("filters", "Distinct topic filters of all subscriptions.", broker.filters);
  gauge("queued_messages", "Deliveries that wait for a client.", broker.queued_count);
  gauge("inflight_messages", "Deliveries that were sent and not acknowledged.",
        broker.inflight_count);
  gauge("stored_messages", "Messages of which the log still holds the payload.",
        broker.messages_stored);
  gauge("retained_messages", "Retained messages.", broker.retained_count);
  gauge("retained_bytes", "Bytes of the retained messages.", broker.retained_bytes);
  gauge("wills", "Wills that have been left with the broker.", broker.wills);
  gauge("blocked_publishers", "Publishers that wait for room in the queue of somebody else.",
        broker.publishers_blocked);
}

void add_messages(MetricsPage& page, const StatusReport& broker) {
  constexpr std::array kQos = {"0", "1", "2"};
  const Counters& counters = broker.counters;
  for (std::size_t i = 0; i < kQos.size(); ++i)
    page.counter("messages_received_total", "PUBLISH packets from clients, by QoS.",
                 counters.messages_received[i], {"qos", kQos[i]});
  for (std::size_t i = 0; i < kQos.size(); ++i)
    page.counter("messages_sent_total", "PUBLISH packets to clients, by QoS.",
                 counters.messages_sent[i], {"qos", kQos[i]});
  page.counter("received_bytes_total", "Payload of the PUBLISH packets from clients.",
               counters.bytes_received);
  page.counter("sent_bytes_total", "Payload of the PUBLISH packets to clients.",
               counters.bytes_sent);
  for (std::size_t i = 0; i < kCommitLevels; ++i)
    page.counter("messages_acknowledged_total",
                 "QoS 1 and 2 messages that were acknowledged to their publishers, by what that "
                 "waited for.",
                 counters.acknowledged[i],
                 {"level", std::string(name(static_cast<CommitLevel>(i)))});
  for (std::size_t i = 0; i < broker.drops.size(); ++i)
    page.counter("messages_dropped_total", "Messages that somebody did not get, by the reason.",
                 broker.drops[i], {"reason", std::string(name(static_cast<DropReason>(i)))});
}

void add_events(MetricsPage& page, const Counters& counters) {
  page.counter("packets_received_total", "Packets of MQTT from clients.",
               counters.packets_received);
  page.counter("connections_opened_total", "Connections of TCP that were accepted.",
               counters.connections_opened);
  page.counter("connections_accepted_total", "Clients that were let in.",
               counters.connections_accepted);
  page.counter("connections_refused_total",
               "Connections that were refused, or on which no CONNECT came.",
               counters.connections_refused);
  page.counter("logins_failed_total", "Logins with a wrong password, token or proof.",
               counters.logins_failed);
  page.counter("logins_paused_total",
               "Logins that were refused unheard, because too many from the address had failed.",
               counters.logins_paused);
  page.counter("takeovers_total",
               "Connections that ended because their client connected once more.",
               counters.takeovers);
  page.counter("sessions_expired_total", "Sessions that ended because nobody came back.",
               counters.sessions_expired);
  page.counter("protocol_errors_total", "Connections that ended because a client broke a rule.",
               counters.protocol_errors);
  page.counter("publisher_blocks_total", "Times that a publisher had to wait for a full queue.",
               counters.publishers_blocked);
  page.counter("batches_total", "Batches of events that the core thread has worked through.",
               counters.batches);
  page.counter("table_rows_total", "Rows that were written to the tables or deleted there.",
               counters.table_rows);
}

void add_limits(MetricsPage& page, const StatusReport& broker) {
  for (std::size_t i = 0; i < kLimits; ++i)
    page.counter("limit_hits_total", "Times that a limit was reached, by the limit.",
                 broker.limit_hits[i], {"limit", std::string(name(static_cast<Limit>(i)))});
  page.gauge("memory_max_bytes", "What the process should not need more of (memory.max_bytes).",
             static_cast<double>(broker.memory_max_bytes));
  page.gauge("memory_pressure",
             "0: none; 1: the heaviest publishers are not read from; 2: and nobody may connect.",
             static_cast<double>(broker.pressure));
  page.gauge("held_publishers", "Publishers that are not read from for lack of memory.",
             static_cast<double>(broker.publishers_held));
}

}  // namespace

CoreFigures core_figures(const Json& replication_status) {
  CoreFigures figures;
  figures.leads = replication_status.value("role", "") == "primary";
  figures.term = replication_status.value("term", std::uint64_t{0});
  figures.lsn = replication_status.value("lsn", std::uint64_t{0});
  if (!replication_status.contains("peer")) return figures;
  const Json& peer = replication_status["peer"];
  const Json replication = replication_status.value("replication", Json::object());
  PeerFigures& known = figures.peer.emplace();
  known.connected = peer.value("connected", false);
  known.in_sync = peer.value("in_sync", false);
  known.lag_records = replication.value("lag_records", std::uint64_t{0});
  if (replication.contains("lag_bytes"))
    known.lag_bytes = replication["lag_bytes"].get<std::uint64_t>();
  if (replication.contains("lag_ms")) known.lag_ms = replication["lag_ms"].get<std::uint64_t>();
  if (peer.contains("heard_ms_ago"))
    known.heard_ms_before = peer["heard_ms_ago"].get<std::uint64_t>();
  const Json failover = replication_status.value("failover", Json::object());
  if (const Json path = failover.value("second_path", Json::object());
      path.contains("heard_ms_ago"))
    known.second_path_ms_before = path["heard_ms_ago"].get<std::uint64_t>();
  if (failover.contains("gateway"))
    known.gateway_answers = failover["gateway"].value("answers", false);
  if (const Json witness = replication_status.value("witness", Json::object()); !witness.empty()) {
    known.witness_answers = witness.value("answers", false);
    if (witness.contains("age_ms"))
      known.witness_ms_before = witness["age_ms"].get<std::uint64_t>();
  }
  return figures;
}

std::string metrics_text(const NodeFigures& node, const Measures& measures) {
  MetricsPage page;
  add_node(page, node);
  if (node.core) add_role(page, *node.core);
  if (node.core && node.core->peer) add_peer(page, *node.core->peer);
  if (node.core && node.core->tls) add_tls(page, *node.core->tls);
  if (node.core && node.core->websocket) add_websocket(page, *node.core->websocket);
  if (node.core && node.core->proxy) add_proxy(page, *node.core->proxy);
  page.histogram("commit_duration_seconds",
                 "How long answers waited for their record to be committed.", measures.commit_ns,
                 kNs);
  page.histogram("fsync_duration_seconds", "How long it took to force the log to the disk.",
                 measures.fsync_ns, kNs);
  page.histogram("fsync_records", "Records that were forced to the disk at once.",
                 measures.group_records, 1);
  if (node.audit_lines) {
    page.counter("audit_lines_total", "Lines that were written to the audit trail.",
                 *node.audit_lines);
    page.counter("audit_lost_total", "Lines of the audit trail that were lost.", node.audit_lost);
  }
  if (!node.core || !node.core->broker) return page.text();
  add_state(page, *node.core->broker);
  add_messages(page, *node.core->broker);
  add_events(page, node.core->broker->counters);
  add_limits(page, *node.core->broker);
  return page.text();
}

}  // namespace tandemq
