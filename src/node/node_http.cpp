// What a node tells machines over HTTP, and how the server's threads learn it from the core.
#include "base/version.hpp"
#include "config/files.hpp"
#include "config/options.hpp"
#include "node/ask.hpp"
#include "node/commands.hpp"
#include "node/health.hpp"
#include "node/metrics.hpp"
#include "node/node.hpp"

#include <algorithm>
#include <utility>

namespace tandemq {
namespace {

constexpr std::size_t kTokenSizeMin = 16;  // Bytes.
constexpr int kGlances = 10;  // A second: a load balancer has less patience than an operator.

}  // namespace

Result<void> Node::open_http() {
  if (config_.admin_http.empty()) return {};
  HttpConfig http{config_.admin_http};
  if (const std::string& path = config_.admin_http_token_file; !path.empty()) {
    auto token = read_first_line(path);
    if (!token) return failure("admin.http_token_file = " + token.error().text);
    if (token->size() < kTokenSizeMin)
      return failure("admin.http_token_file = " + path + ": its first line has " +
                     std::to_string(token->size()) +
                     " bytes, expected 16 or more; 'openssl rand -hex 32' makes one");
    http.token = std::move(*token);
  }
  http_server_ = std::make_unique<HttpServer>(std::move(http));
  return http_server_->open();
}

void Node::start_http(RecordHandler status) {
  if (http_server_ == nullptr) return;
  // Copies of the settings: a reload writes them in the core thread.
  NodeFigures figures;
  figures.version = kVersion;
  figures.node_id = config_.node_id;
  figures.cluster_id = config_.cluster_id;
  figures.mode = value_of(config_, *find_option("replication.mode"));
  const bool on_disk = data_.on_disk != nullptr;
  HttpServer::Ports ports;
  ports.metrics = [this, figures, on_disk, folder = config_.data_dir] {
    NodeFigures now = figures;
    now.resident_bytes = resident_bytes();
    if (on_disk) now.disk_free_bytes = free_disk_bytes(folder);
    if (auto core = ask_core(
            io_, [this] { return figures_of_core(); }, kGlances))
      now.core = *core;
    if (audit_log_->active()) {
      now.audit_lines = audit_log_->counts().lines;
      now.audit_lost = audit_log_->counts().lost;
    }
    return metrics_text(now, runner_.measures());
  };
  ports.status = [status = std::move(status)] { return status(Json::object()); };
  ports.health = [this] { return ask_health(); };
  log_->info("HTTP for machines on port {} of {}", http_server_->port(), config_.admin_http);
  http_server_->start(std::move(ports));
}

HealthReport Node::ask_health() {
  const auto status = ask_core(
      io_, [this] { return health_of(replication_status(), !stop_at_.is_never()); }, kGlances);
  return status ? *status : health_of(tl::unexpected(status.error()), false);
}

CoreFigures Node::figures_of_core() const {
  CoreFigures figures = core_figures(replication_status());
  figures.role_changes = role_counts_.changes;
  figures.failovers = role_counts_.leads;
  if (certificates_.any()) {
    const HandshakeCounts counts = reception_->handshakes();
    figures.tls =
        TlsFigures{counts.full, counts.resumed, counts.failed, certificates_.figures(clock_.now())};
  }
  const auto& listeners = config_.listeners;
  if (std::any_of(listeners.begin(), listeners.end(),
                  [](const ListenerConfig& one) { return one.websocket.has_value(); })) {
    const UpgradeCounts counts = reception_->upgrades();
    figures.websocket = WebSocketFigures{counts.done, counts.refused};
  }
  if (std::any_of(listeners.begin(), listeners.end(),
                  [](const ListenerConfig& one) { return !one.proxies.empty(); })) {
    const ProxyCounts counts = reception_->proxy_refusals();
    figures.proxy = ProxyFigures{counts.strangers, counts.headers};
  }
  if (!primary_) return figures;
  figures.broker = inspect_status(primary_->broker().world(), clock_.now());
  figures.broker->limit_hits[static_cast<std::size_t>(Limit::max_connections)] =
      reception_->turned_away();
  return figures;
}

}  // namespace tandemq
