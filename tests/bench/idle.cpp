#include "tests/bench/idle.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/client.hpp"

namespace tandemq {
namespace {

constexpr std::uint32_t kFirstSource = 0x7F000001;     // 127.0.0.1
constexpr std::uint32_t kConnectionsPerSource = 1000;  // Far below the ephemeral ports of one.
constexpr std::uint32_t kSpareDescriptors = 100;       // For all that is not a connection.
constexpr std::chrono::seconds kSettle(2);             // The broker may free or write late.

// Raises our own limit as far as it goes; the broker's is for its starter to raise.
std::uint32_t affordable_connections(const Settings& settings) {
  rlimit ours = {};
  ::getrlimit(RLIMIT_NOFILE, &ours);
  ours.rlim_cur = ours.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &ours);
  rlimit brokers = ours;
  ::prlimit(static_cast<pid_t>(settings.pid), RLIMIT_NOFILE, nullptr, &brokers);
  const rlim_t descriptors = std::min(ours.rlim_cur, brokers.rlim_cur);
  const rlim_t affordable = descriptors - std::min<rlim_t>(descriptors, kSpareDescriptors);
  return static_cast<std::uint32_t>(std::min<rlim_t>(settings.connections, affordable));
}

}  // namespace

Result<IdleFigures> run_idle(const Settings& settings) {
  IdleFigures figures;
  figures.connections = affordable_connections(settings);
  const Result<Memory> before = memory_of(settings.pid);
  if (!before) {
    return tl::unexpected(before.error());
  }
  const std::int64_t start_ns = monotonic_ns();
  std::vector<Client> clients;
  clients.reserve(figures.connections);
  for (std::uint32_t index = 0; index < figures.connections; ++index) {
    const std::uint32_t source = kFirstSource + index / kConnectionsPerSource;
    Result<Client> client =
        Client::connect(settings, "idle-" + std::to_string(index), settings.persistent, source);
    if (!client) {
      return tl::unexpected(client.error());
    }
    clients.push_back(std::move(*client));
  }
  figures.elapsed_s = static_cast<double>(monotonic_ns() - start_ns) / 1e9;
  std::this_thread::sleep_for(kSettle);
  const Result<Memory> after = memory_of(settings.pid);
  if (!after) {
    return tl::unexpected(after.error());
  }
  figures.before = *before;
  figures.after = *after;
  return figures;
}

}  // namespace tandemq
