// Node: a whole broker in one process, for one life: from its data.dir to a stop. It builds every
// part, in an order in which each one outlives those that refer to it, runs the core in the thread
// that calls run(), and takes everything down again. Within a life a node may become the primary,
// once, with the State that it has; whatever else changes its role or its data ends the life, and
// main begins the next one. It decides nothing; administration reaches the core by runner().post().
// Owned by main; the core thread, but for runner().
#pragma once

#include "access/access.hpp"
#include "admin/http_server.hpp"
#include "admin/json.hpp"
#include "admin/server.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "config/load.hpp"
#include "core/primary.hpp"
#include "failover/agent.hpp"
#include "failover/gateway_probe.hpp"
#include "failover/heartbeat_port.hpp"
#include "failover/role_history.hpp"
#include "failover/waker.hpp"
#include "net/hub.hpp"
#include "net/listener.hpp"
#include "net/reception.hpp"
#include "node/admin_streams.hpp"
#include "node/archiver.hpp"
#include "node/audit_log.hpp"
#include "node/certificates.hpp"
#include "node/client_roll.hpp"
#include "node/clock.hpp"
#include "node/connection_log.hpp"
#include "node/data.hpp"
#include "node/disk_guard.hpp"
#include "node/feeding.hpp"
#include "node/following.hpp"
#include "node/http_logins.hpp"
#include "node/limit_log.hpp"
#include "node/memory_guard.hpp"
#include "node/net_thread.hpp"
#include "node/node_file.hpp"
#include "node/password_workers.hpp"
#include "node/peer_about.hpp"
#include "node/peer_port.hpp"
#include "node/runner.hpp"
#include "node/supervisor.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <spdlog/logger.h>

namespace tandemq {

struct CommandPorts;
struct CoreFigures;

class Node {
 public:
  // `reread` loads the configuration again, as at the start.
  Node(const Config& config, std::shared_ptr<const Access> access, Certificates& certificates,
       Data data, std::function<LoadedConfig()> reread, failover::RoleCounts& counts,
       std::shared_ptr<spdlog::logger> log);
  ~Node();

  // Leads if it is alone, otherwise follows. The error is for the operator.
  Result<void> start();
  // Works until stop(), or SIGTERM or SIGINT; SIGHUP reloads. True: another life has to follow.
  bool run();
  // Says goodbye to the clients and ends run() when they are gone, or after a few seconds.
  void stop();
  // Takes the changed settings and files that a running process can take, and says so line by line.
  // If anything is wrong with them it changes nothing.
  Result<std::vector<std::string>> reload();
  // Of that the certificates alone.
  Result<std::vector<std::string>> reload_certificates();

  // Becomes the primary, in a new term. The error says why it must not; `force` accepts that
  // acknowledged messages may be missing here, and that a primary may still be there.
  Result<void> promote(bool force);
  using Answered = std::function<void(Result<Json>)>;
  // The standby leads, or the error says why not; asked of either node.
  void switchover(Answered answered);
  // Stops to serve; the next life follows. A standby in sync leads first, if it can.
  void demote(Answered answered);
  // The other node is ended by failover.fence_command. `force`: though it is in sync.
  void fence(bool force, Answered answered);
  [[nodiscard]] Json replication_status() const;
  // What the witness says; `establish` has its record written where there is none.
  Result<Json> witness(bool establish);

  [[nodiscard]] Runner& runner() { return runner_; }
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const Reception& reception() const { return *reception_; }
  [[nodiscard]] std::vector<std::string> bound_urls() const;

 private:
  Result<void> begin_replication();
  void follow();
  Result<void> lead(std::optional<Term> claimed = std::nullopt);
  Result<void> open_listeners();
  [[nodiscard]] Result<void> may_lead() const;
  void take_call(PeerPort::Link link, Hello&& hello);
  void answer_call(const PeerPort::Link& link);
  [[nodiscard]] Hello about_us() const;
  [[nodiscard]] std::function<Lsn()> archived() const;
  void take_answer(const Frame& answer);
  Result<std::unique_ptr<failover::Agent>> make_agent();
  [[nodiscard]] failover::Standing standing() const;
  [[nodiscard]] failover::Facts failover_facts() const;
  Result<void> open_paths();
  [[nodiscard]] Beat beat() const;
  void take_heartbeat();
  void add_paths(failover::Facts& facts) const;
  [[nodiscard]] Json paths_status() const;
  void prepare_wake();  // Of the clients, see failover/wake.hpp.
  void wake_clients();
  [[nodiscard]] Json wake_status() const;
  void look();          // At the facts.
  void look_at_peer();  // And dials it, if the link is lost.
  // `aside`: it leads again when the other node says that it has not led.
  void begin_again(const std::string& why, bool aside = false);
  void note_begin();
  void note_role(std::string from, std::string event, std::string to, std::string why);
  [[nodiscard]] bool peer_is_in_sync() const;
  void end_fence(const CommandEnd& end);
  [[nodiscard]] const failover::RoleEvent& last_change() const;
  [[nodiscard]] Json failover_status() const;
  [[nodiscard]] Json vip_status() const;
  void add_peer_report(Json& peer) const;
  Result<void> begin_move();
  Result<void> step_down();
  void switch_as_asked();
  void take_over();
  void decline_move(const std::string& why);
  void lead_as_offered();
  void conclude_move();
  void end_move();
  void answer_move(Result<Json> answer);
  void build_hubs();
  void listen_to_audit();
  Result<void> open_http_logins();
  void check_password(ConnectionId connection, CheckPassword check);  // Any thread.
  Result<void> start_administration();
  void add_role_ports(CommandPorts& ports);
  void add_store_ports(CommandPorts& ports);
  Result<void> open_http();
  void start_http(RecordHandler status);
  HealthReport ask_health();  // Any thread.
  [[nodiscard]] CoreFigures figures_of_core() const;
  HubPorts hub_ports(std::uint8_t sink, bool own_thread);
  void wait_for_signal();
  void take_disk_low(bool low);
  void take_memory(std::uint64_t resident_bytes, std::uint64_t max_bytes);
  void reload_and_log();
  std::vector<std::string> put_certificates();
  void apply_limits();
  void wait_until_gone();

  Config config_;
  std::function<LoadedConfig()> reread_;
  std::shared_ptr<spdlog::logger> log_;
  asio::io_context io_{kOneThread};  // The core's.
  Clock clock_;
  Data data_;
  NodeFile file_;
  failover::RoleHistory history_;
  failover::RoleCounts& role_counts_;
  std::shared_ptr<const Access> access_;
  Certificates& certificates_;
  const std::uint64_t incarnation_;
  std::unique_ptr<Primary> primary_;  // Null: this node follows.
  std::unique_ptr<Feed> feed_;
  ConnectionLog connection_log_;
  std::unique_ptr<AuditLog> audit_log_;
  std::unique_ptr<Archiver> archiver_;  // Null: the log is not archived.
  Runner runner_;
  PeerAbout peer_about_;
  std::unique_ptr<Following> following_;  // Null: it has never followed.
  ClientRoll client_roll_;
  std::unique_ptr<Feeding> feeding_;
  std::unique_ptr<PeerPort> peer_port_;     // Null: there is no peer.
  std::unique_ptr<failover::Agent> agent_;  // The same.
  std::unique_ptr<failover::Waker> waker_;  // Null: nobody is woken,
  std::string no_wake_;                     // and why.
  std::optional<Position> peer_end_;        // Of a peer that does not lead,
  Term peer_term_;                          // and the highest one that it has seen.
  bool peer_yields_ = false;                // See failover::Standing.
  bool let_peer_lead_ = false;              // It was told what it needs to know for that.
  bool tried_peer_ = false;                 // See failover::Facts.
  bool serves_ = false;                     // The listeners are open.
  Instant refused_at_;                      // When nobody listened at the peer's address.
  std::string peer_node_;
  std::unique_ptr<HeartbeatPort> heartbeat_port_;  // Null: there is no second path.
  std::unique_ptr<GatewayProbe> gateway_probe_;    // Null: no policy asks for gateways.
  Answered moved_;                                 // Who waits for the end of a move; null: nobody.
  Instant moved_at_;                               // It was asked for.
  bool demotes_ = false;                           // Whatever becomes of the move.
  Answered fenced_;                                // Who waits for the fence command.
  PasswordWorkers password_workers_;
  std::unique_ptr<HttpLogins> http_logins_;  // Null: no auth.http_url.
  std::unique_ptr<Hub> core_hub_;            // With threads.net = 0.
  std::vector<std::unique_ptr<NetThread>> net_threads_;
  std::unique_ptr<Reception> reception_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unique_ptr<AdminStreams> admin_streams_;
  std::unique_ptr<AdminServer> admin_server_;  // Null: no admin.socket.
  std::unique_ptr<HttpServer> http_server_;    // Null: no admin.http.
  DiskGuard disk_guard_;
  MemoryGuard memory_guard_;
  LimitLog limit_log_;
  Supervisor supervisor_;
  asio::signal_set signals_;
  asio::steady_timer stop_timer_;
  Instant stop_at_ = Instant::never();  // When the clients are waited for no more.
  bool again_ = false;
  bool ended_ = false;  // By a signal, though another life was to follow.
};

}  // namespace tandemq
