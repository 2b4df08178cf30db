// tandemqd: reads what it was told, builds a node, runs it. Exit codes: 0 after a stop that was
// asked for, 1 if it could not start or the answer is an error.
#include "config/files.hpp"
#include "daemon/arguments.hpp"
#include "node/access_loader.hpp"
#include "node/certificates.hpp"
#include "node/node.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace tandemq {
namespace {

constexpr rlim_t kOtherFiles = 100;  // Log, listeners, administration, libraries.

int fail(const std::string& text) {
  std::fprintf(stderr, "tandemqd: %s\n", text.c_str());
  return 1;
}

Result<void> make_data_dir(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) return {};
  return failure("data.dir = " + path + " cannot be created: " + error.message() +
                 "; create it for this user, or choose another with --data.dir");
}

void raise_file_limit(std::uint32_t connections_max, spdlog::logger& log) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));  // It was allowed, or stays as it is.
  if (limit.rlim_max < connections_max + kOtherFiles) {
    log.warn(
        "limits.max_connections is {}, but this process may open {} files only; raise "
        "LimitNOFILE of the service",
        connections_max, limit.rlim_max);
  }
}

// A signal that comes between two lives waits for the next node; one that the last node was given
// when it had stopped already is known here.
class Signals {
 public:
  Signals() { wait(); }

  bool end_asked() {
    io_.poll();
    return end_asked_;
  }

 private:
  void wait() {
    set_.async_wait([this](const asio::error_code& error, int signal) {
      if (error) return;
      if (signal != SIGHUP) end_asked_ = true;
      wait();
    });
  }

  asio::io_context io_;
  asio::signal_set set_{io_, SIGTERM, SIGINT, SIGHUP};
  bool end_asked_ = false;
};

int serve(const Arguments& arguments) {
  const auto load = [&arguments] {
    return load_config(arguments.config_path, arguments.command_line);
  };
  const LoadedConfig loaded = load();
  std::fputs(report_of(loaded.findings).c_str(), stderr);
  if (any_error(loaded.findings)) return 1;
  const Config& config = loaded.config;

  auto access = load_access(config.auth);
  if (!access) return fail(access.error().text);
  Certificates certificates;
  if (const auto read = certificates.load(config); !read) return fail(read.error().text);
  for (const std::string& warning : certificates.warnings())
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  if (const auto made = make_data_dir(config.data_dir); !made) return fail(made.error().text);
  const auto log = std::make_shared<spdlog::logger>(
      "tandemqd", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  log->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  log->flush_on(spdlog::level::trace);
  log->set_level(spdlog::level::from_str(config.log_level));
  raise_file_limit(config.limits.max_connections, *log);

  failover::RoleCounts counts;
  bool again = true;  // A node that has lost its role, or got other data, begins a new life.
  std::optional<Signals> signals;
  while (again) {
    if (const auto room = check_disk_floor(config); !room) return fail(room.error().text);
    auto data = open_data(config, arguments.action == Arguments::Action::repair, *log,
                          [](const std::string& text) { Supervisor::tell_progress(text); });
    if (!data) return fail(data.error().text);
    if (!signals) signals.emplace();  // Until then, who has nothing yet may just end.
    Node node(config, *access, certificates, std::move(*data), load, counts, log);
    if (const auto started = node.start(); !started) return fail(started.error().text);
    again = node.run() && !signals->end_asked();
  }
  log->info("stopped");
  return 0;
}

int run(int argc, char** argv) {
  const auto arguments = parse_arguments(argc, argv);
  if (!arguments) return fail(arguments.error().text);
  if (const auto reply = answer(*arguments)) {
    std::fputs(reply->output.c_str(), stdout);
    std::fputs(reply->errors.c_str(), stderr);
    return reply->exit_code;
  }
  std::signal(SIGPIPE, SIG_IGN);  // Of a socket or a pipe whose reader is gone: an error, no end.
  // What the unit gives to this process is not for the commands of the operator that it runs.
  static_cast<void>(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  return serve(*arguments);
}

}  // namespace
}  // namespace tandemq

int main(int argc, char** argv) {
  try {
    return tandemq::run(argc, argv);
  } catch (const std::exception& error) {  // Memory, or a library that knows no error codes.
    return tandemq::fail(error.what());
  }
}
