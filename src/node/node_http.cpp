// What a node tells machines over HTTP, and how the server's threads learn it from the core.
#include "base/version.hpp"
#include "config/options.hpp"
#include "node/ask.hpp"
#include "node/commands.hpp"
#include "node/health.hpp"
#include "node/metrics.hpp"
#include "node/node.hpp"

#include <future>
#include <memory>
#include <utility>

#include <asio/post.hpp>

namespace tandemq {
namespace {

constexpr int kGlances = 10;  // A second: a load balancer has less patience than an operator.

// To the core thread and back, whatever the role of the node is.
template <class Question>
auto ask_briefly(asio::io_context& io, Question question) {
  using Answer = std::invoke_result_t<Question>;
  const auto promise = std::make_shared<std::promise<Result<Answer>>>();
  std::future<Result<Answer>> answer = promise->get_future();
  asio::post(io, [promise, question = std::move(question)] { promise->set_value(question()); });
  return await(io, std::move(answer), kGlances);
}

}  // namespace

Result<void> Node::open_http() {
  if (config_.admin_http.empty()) return {};
  http_server_ = std::make_unique<HttpServer>(HttpConfig{config_.admin_http});
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
    if (auto core = ask_briefly(io_, [this] { return figures_of_core(); })) now.core = *core;
    return metrics_text(now, runner_.measures());
  };
  ports.status = [status = std::move(status)] { return status(Json::object()); };
  ports.health = [this] {
    const auto health =
        ask_briefly(io_, [this] { return health_of(replication_status(), !stop_at_.is_never()); });
    return health ? *health : health_of(tl::unexpected(health.error()), false);
  };
  log_->info("HTTP for machines on port {} of {}", http_server_->port(), config_.admin_http);
  http_server_->start(std::move(ports));
}

CoreFigures Node::figures_of_core() const {
  CoreFigures figures = core_figures(replication_status());
  if (primary_) figures.broker = inspect_status(primary_->broker().world(), clock_.now());
  return figures;
}

}  // namespace tandemq
