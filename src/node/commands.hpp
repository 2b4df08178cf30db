// commands: what each command of the table does on this node. A handler runs on a thread of the
// admin server: it posts a question to the core, waits for the answer, and makes it JSON. A change
// is answered when it is committed. Lists ask page by page, so the core is never held up.
#pragma once

#include "admin/server.hpp"
#include "node/admin_streams.hpp"
#include "node/runner.hpp"

#include <functional>
#include <string>
#include <vector>

namespace tandemq {

struct CommandPorts {
  Runner& runner;
  AdminStreams& streams;
  std::function<Result<std::vector<std::string>>()> reload;  // Core thread; a line a change.
  std::function<std::string()> log_level;                    // Any thread.
  std::function<void(const std::string&)> set_log_level;     // Any thread.
};

// What the ports refer to outlives the handlers.
CommandHandlers make_command_handlers(const CommandPorts& ports);

// Their parts: one object each, and rows.
void add_record_handlers(const CommandPorts& ports, CommandHandlers& handlers);
void add_list_handlers(const CommandPorts& ports, CommandHandlers& handlers);
void add_live_handlers(const CommandPorts& ports, CommandHandlers& handlers);

}  // namespace tandemq
