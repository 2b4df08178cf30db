#include "node/node.hpp"

#include "admin/socket_group.hpp"
#include "base/ensure.hpp"
#include "config/reload.hpp"
#include "net/entropy.hpp"
#include "node/access_loader.hpp"
#include "node/commands.hpp"
#include "recovery/reports.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include <asio/post.hpp>

namespace tandemq {
namespace {

constexpr std::int64_t kGoodbyeMaxMs = 5'000;  // For the clients to take their last packets.
constexpr std::int64_t kAddressKeptMs = 300;   // Of that, at the most.
constexpr std::int64_t kWitnessToldMs = 300;   // The same.
constexpr std::chrono::milliseconds kGoodbyePoll{20};

std::uint64_t random_number() {
  const auto bytes = Entropy().take();
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8U | bytes[i];
  return number;
}

// Null: the log is not archived.
std::unique_ptr<Archiver> make_archiver(const std::string& folder, const Data& data,
                                        const std::shared_ptr<spdlog::logger>& log) {
  if (folder.empty() || data.on_disk == nullptr) return nullptr;
  return std::make_unique<Archiver>(
      folder, *data.store, data.position,
      Archive::Ports{[log](const std::string& text) { log->info("{}", text); },
                     [log](const std::string& text) { log->error("{}", text); }});
}

}  // namespace

Node::Node(const Config& config, std::shared_ptr<const Access> access, Certificates& certificates,
           Data data, std::function<LoadedConfig()> reread, failover::RoleCounts& counts,
           std::shared_ptr<spdlog::logger> log)
    : config_(config),
      reread_(std::move(reread)),
      log_(std::move(log)),
      data_(std::move(data)),
      file_(config.data_dir, data_.node),
      history_(config.data_dir, [this](const std::string& text) { log_->warn("{}", text); }),
      role_counts_(counts),
      access_(std::move(access)),
      certificates_(certificates),
      incarnation_(random_number()),
      connection_log_(log_),
      audit_log_(std::make_unique<AuditLog>(
          config_.audit, config_.node_id,
          AuditLog::Ports{[this] { return clock_.now(); },
                          [log = log_](const std::string& text) { log->error("{}", text); }})),
      archiver_(make_archiver(config_.store.archive_dir, data_, log_)),
      runner_(io_, clock_, connection_log_),
      peer_about_({[this] { return agent_ ? agent_->address_here() : std::nullopt; },
                   [this](const std::string& text) { log_->warn("{}", text); }}),
      password_workers_([this](PasswordChecked answer) { runner_.put_answer(std::move(answer)); }),
      disk_guard_(
          io_, config_, [this](bool low) { take_disk_low(low); }, [this] { runner_.reclaim(); }),
      memory_guard_(
          io_, config_.memory.max_bytes,
          [this](std::uint64_t resident, std::uint64_t most) { take_memory(resident, most); }),
      limit_log_([this](const std::string& text) { log_->warn("{}", text); }),
      supervisor_(io_),
      signals_(io_),
      stop_timer_(io_) {
  log_->set_level(spdlog::level::from_str(config_.log_level));
}

Node::~Node() {
  http_server_.reset();
  admin_server_.reset();
  for (const auto& thread : net_threads_) thread->stop();  // They use what goes next.
  listeners_.clear();
}

Result<void> Node::start() {
  if (auto opened = audit_log_->open(); !opened) return opened;
  if (auto opened = open_http(); !opened) return opened;
  if (auto opened = open_http_logins(); !opened) return opened;
  build_hubs();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    asio::error_code error;
    signals_.add(signal, error);
    if (error) return failure("cannot wait for signals: " + error.message());
  }
  wait_for_signal();
  admin_streams_ = std::make_unique<AdminStreams>(runner_);
  for (const auto& thread : net_threads_) thread->start();
  if (auto begun = begin_replication(); !begun) return begun;
  disk_guard_.start();
  memory_guard_.start();
  return start_administration();
}

Result<void> Node::open_listeners() {
  asio::io_context& accept_io = net_threads_.empty() ? io_ : net_threads_.front()->io();
  for (const ListenerConfig& config : config_.listeners) {
    ListenerConfig numbered = config;
    numbered.number = static_cast<std::uint16_t>(listeners_.size() + 1);
    listeners_.push_back(std::make_unique<Listener>(accept_io, numbered, *reception_,
                                                    certificates_.contexts()[listeners_.size()]));
    if (auto opened = listeners_.back()->open(); !opened) return opened;
  }
  for (const auto& listener : listeners_) listener->start();
  for (const std::string& url : bound_urls()) log_->info("listening on {}", url);
  return {};
}

void Node::build_hubs() {
  std::vector<Hub*> hubs;
  const ListenerLimits limits(config_);
  for (std::uint32_t i = 0; i < config_.threads_net; ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    net_threads_.push_back(std::make_unique<NetThread>(number, limits, hub_ports(number, true)));
    NetThread& thread = *net_threads_.back();
    const std::uint8_t sink =
        runner_.add_sink({[&thread](Outputs&& outputs) { thread.carry_out(std::move(outputs)); },
                          [&thread](std::size_t count) { thread.events_taken(count); }});
    ENSURE(sink == number, "the hubs are the first sinks");
    hubs.push_back(&thread.hub());
  }
  if (hubs.empty()) {
    core_hub_ = std::make_unique<Hub>(io_, std::uint8_t{0}, limits, hub_ports(0, false));
    Hub& hub = *core_hub_;
    const std::uint8_t sink =
        runner_.add_sink({[&hub](Outputs&& outputs) { hub.carry_out(std::move(outputs)); },
                          [&hub](std::size_t count) { hub.events_taken(count); }});
    ENSURE(sink == 0, "the hub is the first sink");
    hubs.push_back(&hub);
  }
  reception_ = std::make_unique<Reception>(
      std::move(hubs), limits, [log = log_](const std::string& text) { log->warn("{}", text); });
}

void Node::listen_to_audit() {
  primary_->broker().world().audit.listen(
      [this](AuditEvent&& event) {
        if (is_warning(event.what)) connection_log_.warn(event, event.at);
        audit_log_->put(std::move(event));
      },
      audit_log_->active());
}

Result<void> Node::open_http_logins() {
  if (config_.auth.http_url.empty()) return {};
  const auto random = Entropy().take();
  auto made = HttpLogins::make(
      config_.auth, std::string(random.begin(), random.end()),
      {[this](PasswordChecked answer) { runner_.put_answer(std::move(answer)); },
       [this] { return clock_.now(); },
       [log = log_](const std::string& text) { log->warn("{}: logins are refused", text); }});
  if (!made) return tl::unexpected(std::move(made.error()));
  http_logins_ = std::move(*made);
  return {};
}

void Node::check_password(ConnectionId connection, CheckPassword check) {
  if (http_logins_ && check->remote() != nullptr)
    return http_logins_->check(connection, std::move(check));
  password_workers_.check(connection, std::move(check));
}

Result<void> Node::start_administration() {
  if (config_.admin_socket.empty()) return {};
  CommandPorts ports{runner_, *admin_streams_};
  ports.reload = [this] { return reload(); };
  add_role_ports(ports);
  ports.log_level = [log = log_] {
    if (log->level() == spdlog::level::warn) return std::string("warn");  // Not "warning".
    const auto level = spdlog::level::to_string_view(log->level());
    return std::string(level.data(), level.size());
  };
  ports.set_log_level = [log = log_](const std::string& level) {
    log->set_level(spdlog::level::from_str(level));
  };
  ports.data_dir = config_.data_dir;
  ports.store = data_.store.get();
  if (data_.on_disk != nullptr) add_store_ports(ports);
  CommandHandlers handlers = make_command_handlers(ports);
  start_http(handlers.records["status"]);
  AdminServer::Told told;
  if (audit_log_->active()) {
    told = [this](AdminCall&& call) {
      call.at = clock_.now();
      audit_log_->put(std::move(call));
    };
  }
  admin_server_ =
      std::make_unique<AdminServer>(config_.admin_socket, std::move(handlers), std::move(told));
  if (auto started = admin_server_->start(); !started) return started;
  const bool is_default = config_.admin_group == Config{}.admin_group;
  if (const auto given = give_to_group(config_.admin_socket, config_.admin_group, is_default);
      !given)
    log_->warn("{}", given.error().text);
  return {};
}

void Node::add_store_ports(CommandPorts& ports) {
  const RocksStore& store = *data_.on_disk;
  // Copies of the settings: a reload writes them in the core thread.
  ports.store_info = [&store, archiver = archiver_.get(), data_dir = config_.data_dir] {
    Json json = to_json(store.info(), tables_at_of(store));
    json["disk_free_bytes"] = free_disk_bytes(data_dir);
    if (archiver != nullptr) json["archived"] = archiver->archived();
    return json;
  };
  ports.create_backup = [&store, &clock = clock_, log = log_, node = config_.node_id](
                            const std::string& folder,
                            const std::function<void(const std::string&)>& progress) {
    auto backup = create_backup(store, folder, node, clock.now(), progress);
    if (backup) {
      log->info("a backup was made in {}", folder);
    } else {
      log->error("no backup was made in {}: {}", folder, backup.error().text);
    }
    return backup;
  };
}

HubPorts Node::hub_ports(std::uint8_t sink, bool own_thread) {
  HubPorts ports;
  if (own_thread) {
    ports.put_events = [this, sink](std::vector<Event>& events) {
      runner_.put_events(sink, events);
    };
  } else {
    ports.put_events = [this, sink](std::vector<Event>& events) {
      runner_.run_events(sink, events);
    };
  }
  if (!config_.replication.peer.empty()) {
    ports.opened = [this](ConnectionId id, const FourTuple& ends) {
      client_roll_.opened(id, ends);
    };
    ports.closed = [this](ConnectionId id) { client_roll_.closed(id); };
  }
  ports.handshake_failed = [log = log_](const std::string& text) { log->info("{}", text); };
  ports.check_password = [this](ConnectionId connection, CheckPassword check) {
    check_password(connection, std::move(check));
  };
  return ports;
}

bool Node::run() {
  io_.run();
  if (peer_port_) peer_port_->stop();
  if (heartbeat_port_) heartbeat_port_->stop();
  if (gateway_probe_) gateway_probe_->stop();
  if (following_) following_->stop();
  runner_.finish();
  if (archiver_) archiver_->stop();
  return again_ && !ended_;
}

void Node::take_disk_low(bool low) {
  if (low) {
    log_->error(
        "the disk of {} has less than store.low_bytes free: nothing new is taken until there is "
        "room",
        config_.data_dir);
  } else {
    log_->info("the disk of {} has room again", config_.data_dir);
  }
  if (following_) following_->set_disk_low(low);
  runner_.post([low](Primary& primary, Instant) { primary.broker().set_disk_low(low); });
}

void Node::take_memory(std::uint64_t resident_bytes, std::uint64_t max_bytes) {
  runner_.post([this, resident_bytes, max_bytes](Primary& primary, Instant now) {
    Broker& broker = primary.broker();
    const bool changed = broker.take_memory(resident_bytes, max_bytes, now, primary.effects());
    const Overload& overload = broker.world().overload;
    limit_log_.look(broker.world().limit_hits, now);
    if (overload.pressure() != Pressure::none) memory_guard_.give_back();
    if (!changed) return;
    const std::string has = std::to_string(resident_bytes >> 20U) + " MB of " +
                            std::to_string(max_bytes >> 20U) + " MB (memory.max_bytes)";
    switch (overload.pressure()) {
      case Pressure::none:
        return log_->info("memory is {}: all publishers are read from again", has);
      case Pressure::publishers:
        return log_->warn("memory is {}: the heaviest publishers are not read from", has);
      case Pressure::connections:
        return log_->error("memory is {}: nobody is let in, and publishers are not read from", has);
    }
  });
}

std::vector<std::string> Node::bound_urls() const {
  std::vector<std::string> urls;
  for (const auto& listener : listeners_) {
    for (std::string& url : listener->bound_urls()) urls.push_back(std::move(url));
  }
  return urls;
}

// ---------------------------------------------------------------- signals, reload, stop

void Node::wait_for_signal() {
  signals_.async_wait([this](const asio::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      reload_and_log();
    } else {
      log_->info("{}: stopping", signal == SIGTERM ? "SIGTERM" : "SIGINT");
      ended_ = true;
      stop();
    }
    wait_for_signal();
  });
}

void Node::reload_and_log() {
  supervisor_.reloading();
  audit_log_->reopen();
  if (const auto lines = reload()) {
    for (const std::string& line : *lines) log_->info("reload: {}", line);
  } else {
    log_->error("reload: nothing was changed: {}", lines.error().text);
  }
  supervisor_.ready(runner_.leads() ? "serving" : "following");
}

Result<std::vector<std::string>> Node::reload() {
  const LoadedConfig loaded = reread_();
  if (any_error(loaded.findings)) return failure(report_of(loaded.findings));
  const std::vector<ReloadChange> changes = compare(config_, loaded.config);
  const Config next = merged(config_, loaded.config);
  auto access = load_access(next.auth);
  if (!access) return tl::unexpected(std::move(access.error()));
  if (auto read = certificates_.load(next); !read) return tl::unexpected(std::move(read.error()));

  config_ = next;
  log_->set_level(spdlog::level::from_str(config_.log_level));
  apply_limits();
  memory_guard_.set_max(config_.memory.max_bytes);
  access_ = std::move(*access);
  if (primary_) primary_->broker().reload(config_, access_, clock_.now(), primary_->effects());
  std::vector<std::string> lines;
  for (const ReloadChange& change : changes) lines.push_back(sentence_of(change));
  lines.emplace_back("users and rights were read again");
  for (std::string& line : put_certificates()) lines.push_back(std::move(line));
  return lines;
}

Result<std::vector<std::string>> Node::reload_certificates() {
  if (auto read = certificates_.load(config_); !read) {
    log_->error("the certificates stay as they were: {}", read.error().text);
    return tl::unexpected(std::move(read.error()));
  }
  std::vector<std::string> lines = put_certificates();
  for (const std::string& line : lines) log_->info("tls reload: {}", line);
  return lines;
}

std::vector<std::string> Node::put_certificates() {
  if (!certificates_.any()) return {};
  if (serves_) {
    asio::io_context& accept_io = net_threads_.empty() ? io_ : net_threads_.front()->io();
    asio::post(accept_io, [this, contexts = certificates_.contexts()] {
      for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i]->set_tls(contexts[i]);
    });
  }
  std::vector<std::string> lines = certificates_.warnings();
  lines.emplace_back("certificates were read again");
  return lines;
}

void Node::apply_limits() {
  const ListenerLimits limits(config_);
  if (core_hub_) {
    core_hub_->set_limits(limits);
    reception_->set_limits(limits);
    return;
  }
  for (const auto& thread : net_threads_) thread->set_limits(limits);
  // Reception lives with the listeners.
  asio::post(net_threads_.front()->io(), [this, limits] { reception_->set_limits(limits); });
}

void Node::stop() {
  if (!stop_at_.is_never()) return io_.stop();  // Asked twice: now.
  stop_at_ = clock_.now().plus_ms(kGoodbyeMaxMs);
  supervisor_.stopping();
  if (waker_) waker_->stop();
  asio::io_context& accept_io = net_threads_.empty() ? io_ : net_threads_.front()->io();
  asio::post(accept_io, [this] {
    for (const auto& listener : listeners_) listener->close();
  });
  if (agent_) agent_->release();
  wait_until_gone();
}

// The virtual address stays until the clients have been told, or a little longer.
void Node::wait_until_gone() {
  const Instant at = clock_.now();
  const bool ends = !runner_.leads() || reception_->connections() == 0 || at >= stop_at_;
  if (agent_ && (ends || at >= stop_at_.plus_ms(kAddressKeptMs - kGoodbyeMaxMs))) agent_->stop();
  if (!runner_.leads()) return io_.stop();
  // Again and again, for clients that were being accepted meanwhile.
  runner_.run(
      [](Primary& primary, Instant now) { primary.broker().say_goodbye(now, primary.effects()); });
  const bool told = !agent_ || agent_->has_released() ||
                    clock_.now() >= stop_at_.plus_ms(kWitnessToldMs - kGoodbyeMaxMs);
  const bool gone = reception_->connections() == 0 && told;
  if (gone || clock_.now() >= stop_at_) return io_.stop();
  stop_timer_.expires_after(kGoodbyePoll);
  stop_timer_.async_wait([this](const asio::error_code& error) {
    if (!error) wait_until_gone();
  });
}

}  // namespace tandemq
