// commands: what each command of the table does on this node. A handler runs on a thread of the
// admin server: it posts a question to the core, waits for the answer, and makes it JSON. A change
// is answered when it is committed. Lists ask page by page, so the core is never held up.
#pragma once

#include "admin/http_server.hpp"
#include "admin/server.hpp"
#include "broker/inspect.hpp"
#include "config/config.hpp"
#include "failover/role_event.hpp"
#include "node/admin_streams.hpp"
#include "node/runner.hpp"
#include "recovery/backup.hpp"
#include "replication/comparison.hpp"

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace tandemq {

struct CommandPorts {
  Runner& runner;
  AdminStreams& streams;
  // Core thread; a line a change.
  std::function<Result<std::vector<std::string>>()> reload = nullptr;
  // Any thread; they ask the core thread, whatever the role.
  std::function<Result<Json>()> replication = nullptr;
  std::function<Result<Json>(bool force)> promote = nullptr;
  std::function<Result<Json>()> demote = nullptr;
  std::function<Result<Json>(bool establish)> witness = nullptr;
  std::function<Result<Json>()> switchover = nullptr;
  std::function<Result<Json>(bool force)> fence = nullptr;  // Takes its time.
  std::function<Result<std::deque<failover::RoleEvent>>()> role_events = nullptr;
  std::function<Result<Result<void>>()> begin_comparison = nullptr;
  std::function<Result<Comparison>()> comparison = nullptr;
  std::function<HealthReport()> health = nullptr;
  std::function<Result<Config>()> config = nullptr;
  std::function<Result<std::vector<Json>>()> certificates = nullptr;
  std::function<Result<std::vector<std::string>>()> reload_certificates = nullptr;
  std::function<std::string()> log_level = nullptr;                 // Any thread.
  std::function<void(const std::string&)> set_log_level = nullptr;  // Any thread.
  // Of the store; any thread. Null: it is in memory.
  std::function<Json()> store_info = nullptr;
  std::function<Result<Backup>(const std::string& folder,
                               const std::function<void(const std::string&)>& progress)>
      create_backup = nullptr;   // Takes its time.
  const Store* store = nullptr;  // To read from; any thread.
  std::string data_dir{};
};

std::uint64_t resident_bytes();  // Of this process; 0 where the kernel does not say.

// Few enough for one page.
RowSource at_once(std::vector<Json> all);

// What the ports refer to outlives the handlers.
CommandHandlers make_command_handlers(const CommandPorts& ports);

// Their parts: one object each, and rows.
void add_record_handlers(const CommandPorts& ports, CommandHandlers& handlers);
void add_list_handlers(const CommandPorts& ports, CommandHandlers& handlers);
void add_role_handlers(const CommandPorts& ports, CommandHandlers& handlers);
void add_live_handlers(const CommandPorts& ports, CommandHandlers& handlers);
void add_store_handlers(const CommandPorts& ports, CommandHandlers& handlers);
void add_explain_handler(const CommandPorts& ports, CommandHandlers& handlers);
void add_transfer_handlers(const CommandPorts& ports, CommandHandlers& handlers);
void add_acl_handlers(const CommandPorts& ports, CommandHandlers& handlers);
void add_diverged_handlers(const CommandPorts& ports, CommandHandlers& handlers);

// Puts the messages in that are on disk only.
void read_missing(const CommandPorts& ports, std::vector<DeliveryReport>& deliveries);

}  // namespace tandemq
