#include "node/commands.hpp"

#include "base/version.hpp"
#include "broker/inspect.hpp"
#include "broker/operate.hpp"
#include "node/ask.hpp"
#include "node/process_limits.hpp"
#include "node/reports.hpp"
#include "topic/name.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include <unistd.h>

namespace tandemq {
namespace {

tl::unexpected<Error> no_session(const std::string& client_id) {
  return failure("There is no session of a client '" + client_id + "'.");
}

tl::unexpected<Error> not_connected(const std::string& client_id) {
  return failure("No client '" + client_id + "' is connected.");
}

Result<Json> show_status(const CommandPorts& ports) {
  auto replication = ports.replication();
  if (!replication) return replication;
  Json status{{"version", kVersion}};
  status.update(*replication);
  if (status["role"] == "primary") {
    const auto seen = ask(ports.runner, [](Primary& primary, Instant now) {
      return inspect_status(primary.broker().world(), now);
    });
    if (!seen) return tl::unexpected(seen.error());
    status.update(to_json(*seen));
  }
  status["memory_bytes"] = resident_bytes();
  status["process"] = {{"files_max", open_files_max()}};
  if (const auto raw = may_send_raw()) status["process"]["net_raw"] = *raw;
  return status;
}

Result<Json> show_client(const CommandPorts& ports, const std::string& client_id) {
  const auto report = ask(ports.runner, [client_id](Primary& primary, Instant) {
    return inspect_client(primary.broker().world(), client_id);
  });
  if (!report) return tl::unexpected(report.error());
  if (!*report) return not_connected(client_id);
  return to_json(**report);
}

Result<Json> show_session(const CommandPorts& ports, const std::string& client_id) {
  const auto report = ask(ports.runner, [client_id](Primary& primary, Instant) {
    return inspect_session(primary.broker().world(), client_id);
  });
  if (!report) return tl::unexpected(report.error());
  if (!*report) return no_session(client_id);
  return to_json(**report);
}

Result<Json> kick_client(const CommandPorts& ports, const std::string& client_id) {
  const auto kicked = change(ports.runner, ports.streams,
                             [client_id](Turn& turn) { return kick(turn, client_id); });
  if (!kicked) return tl::unexpected(kicked.error());
  if (!*kicked) return not_connected(client_id);
  return Json{{"kicked", client_id}};
}

Result<Json> end_session_of(const CommandPorts& ports, const std::string& client_id) {
  const auto deleted = change(ports.runner, ports.streams,
                              [client_id](Turn& turn) { return delete_session(turn, client_id); });
  if (!deleted) return tl::unexpected(deleted.error());
  if (!*deleted) return no_session(client_id);
  return Json{{"deleted", client_id}};
}

Result<Json> get_retained(const CommandPorts& ports, const std::string& topic) {
  const auto message = ask(ports.runner, [topic](Primary& primary, Instant) {
    return primary.broker().state().find_retained(topic);
  });
  if (!message) return tl::unexpected(message.error());
  if (!*message) return failure("No message is retained under '" + topic + "'.");
  Json json = retained_json(**message);
  put_payload(json, "payload", (*message)->payload);
  return json;
}

Result<Json> clear_retained(const CommandPorts& ports, const std::string& filter) {
  if (!is_valid_filter(filter)) return failure("'" + filter + "' is not a topic filter.");
  struct Page {
    TopicCursor cursor;
    std::size_t count = 0;
  };
  Page page;
  std::size_t count = 0;
  while (!page.cursor.done) {
    auto next = change(ports.runner, ports.streams, [filter, page](Turn& turn) {
      Page further = page;
      further.count = delete_retained(turn, filter, further.cursor);
      return further;
    });
    if (!next) return tl::unexpected(next.error());
    page = std::move(*next);
    count += page.count;
  }
  return Json{{"deleted", count}};
}

Result<Json> show_queue(const CommandPorts& ports, const std::string& client_id) {
  struct Seen {
    std::optional<SessionReport> session;
    std::vector<DeliveryReport> oldest;
    LimitsConfig limits;
  };
  auto seen = ask(ports.runner, [client_id](Primary& primary, Instant) {
    const World& world = primary.broker().world();
    Seen all{inspect_session(world, client_id), {}, world.config.limits};
    if (all.session) all.oldest = peek_queue(*world.state.find_session(client_id), 0, 1);
    return all;
  });
  if (!seen) return tl::unexpected(seen.error());
  if (!seen->session) return no_session(client_id);
  Json json{{"client", client_id},
            {"connected", seen->session->connected},
            {"inflight", seen->session->inflight_count},
            {"queued", seen->session->queued_count},
            {"queued_bytes", seen->session->queued_bytes},
            {"messages_max", seen->limits.max_queued_messages},
            {"bytes_max", seen->limits.max_queued_bytes}};
  read_missing(ports, seen->oldest);
  const bool known = !seen->oldest.empty() && seen->oldest.front().message;
  if (known) json["oldest_at"] = seen->oldest.front().message->published_at.ms;
  return json;
}

Result<Json> purge(const CommandPorts& ports, const std::string& client_id) {
  std::size_t purged = 0;
  std::size_t page = kOperatePage;
  // What comes meanwhile is not waited for.
  const auto report = ask(ports.runner, [client_id](Primary& primary, Instant) {
    return inspect_session(primary.broker().world(), client_id);
  });
  if (!report) return tl::unexpected(report.error());
  if (!*report) return no_session(client_id);
  while (page == kOperatePage && purged < (*report)->queued_count) {
    const auto next = change(ports.runner, ports.streams, [client_id](Turn& turn) {
      return purge_queue(turn, client_id).value_or(0);
    });
    if (!next) return tl::unexpected(next.error());
    page = *next;
    purged += page;
  }
  return Json{{"purged", purged}};
}

Result<Json> publish(const CommandPorts& ports, const Json& arguments) {
  Result<std::string> payload = take_payload(arguments, "payload");
  if (!payload) return tl::unexpected(payload.error());
  Message message;
  message.topic = text_of(arguments, "topic");
  message.payload = std::move(*payload);
  message.qos = static_cast<mqtt::QoS>(arguments.value("qos", 0));
  message.retain = arguments.value("retain", false);
  message.publisher = "tandemqctl";
  const auto expiry = arguments.find("expiry");
  const std::int64_t expiry_s = expiry == arguments.end() ? -1 : expiry->get<std::int64_t>();
  const auto routed = change(ports.runner, ports.streams, [message, expiry_s](Turn& turn) {
    Message own = message;
    if (expiry_s >= 0) own.expires_at = turn.now.plus_s(expiry_s);
    return publish_message(turn, std::move(own));
  });
  if (!routed) return tl::unexpected(routed.error());
  if (!*routed) return tl::unexpected(routed->error());
  switch (**routed) {
    case Routed::no_subscribers:
      return Json{{"result", "to no subscriber"}};
    case Routed::partly_dropped:
      return failure("Published, but the queue of a receiver is full: see 'tandemqctl drops'.");
    case Routed::delivered:
    case Routed::queue_full:
    case Routed::disk_full:
      break;
  }
  return Json{{"result", "to its subscribers"}};
}

std::optional<Trace::Subject> subject_of(const Json& arguments) {
  const std::string name = text_of(arguments, "subject");
  if (name == "client") return Trace::Subject::client;
  if (name == "topic") return Trace::Subject::topic;
  if (name == "address") return Trace::Subject::address;
  return std::nullopt;
}

Result<Json> stop_traces(const CommandPorts& ports, const Json& arguments) {
  std::optional<std::string> value;
  if (arguments.contains("value")) value = text_of(arguments, "value");
  const auto stopped = ask(ports.runner, [&streams = ports.streams, subject = subject_of(arguments),
                                          value](Primary& primary, Instant) {
    return streams.end_traces(primary, subject, value);
  });
  if (!stopped) return tl::unexpected(stopped.error());
  return Json{{"stopped", *stopped}};
}

Result<Json> log_level(const CommandPorts& ports, const Json& arguments) {
  if (arguments.contains("level")) ports.set_log_level(text_of(arguments, "level"));
  return Json{{"level", ports.log_level()}};
}

}  // namespace

std::uint64_t resident_bytes() {
  unsigned long long pages = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  const int read = std::fscanf(file, "%*u %llu", &pages);
  std::fclose(file);
  return read == 1 ? pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

void add_record_handlers(const CommandPorts& ports, CommandHandlers& handlers) {
  // A command that is about one thing, which its argument names.
  const auto about = [&](const char* command, const char* argument,
                         Result<Json> (*run)(const CommandPorts&, const std::string&)) {
    handlers.records[command] = [ports, argument, run](const Json& arguments) {
      return run(ports, text_of(arguments, argument));
    };
  };
  about("clients show", "client", show_client);
  about("clients kick", "client", kick_client);
  about("sessions show", "client", show_session);
  about("sessions delete", "client", end_session_of);
  about("retained get", "topic", get_retained);
  about("retained delete", "filter", clear_retained);
  about("queue show", "client", show_queue);
  about("queue purge", "client", purge);
  handlers.records["status"] = [ports](const Json&) { return show_status(ports); };
  handlers.records["witness show"] = [ports](const Json&) { return ports.witness(false); };
  handlers.records["witness init"] = [ports](const Json&) { return ports.witness(true); };
  handlers.records["witness repair"] = [ports](const Json&) { return ports.witness(true); };
  handlers.records["publish"] = [ports](const Json& a) { return publish(ports, a); };
  handlers.records["trace stop"] = [ports](const Json& a) { return stop_traces(ports, a); };
  handlers.records["log level"] = [ports](const Json& a) { return log_level(ports, a); };
}

CommandHandlers make_command_handlers(const CommandPorts& ports) {
  CommandHandlers handlers;
  add_record_handlers(ports, handlers);
  add_list_handlers(ports, handlers);
  add_role_handlers(ports, handlers);
  add_live_handlers(ports, handlers);
  add_store_handlers(ports, handlers);
  add_explain_handler(ports, handlers);
  add_transfer_handlers(ports, handlers);
  add_acl_handlers(ports, handlers);
  add_diverged_handlers(ports, handlers);
  return handlers;
}

}  // namespace tandemq
