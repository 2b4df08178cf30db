#include "tests/bench/figures.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>

namespace tandemq {
namespace {

struct Figure {
  std::string_view name;  // With the unit.
  double value;
};

std::string number(double value) {
  char text[32];
  const bool whole = value == static_cast<double>(static_cast<std::int64_t>(value));
  std::snprintf(text, sizeof text, whole ? "%.0f" : "%.3f", value);
  return text;
}

std::string print(const Settings& settings, const std::vector<Figure>& figures) {
  std::string text = settings.json ? "{\"scenario\": \"" + settings.scenario + "\""
                                   : "scenario: " + settings.scenario + "\n";
  for (const Figure& figure : figures) {
    const std::string name(figure.name);
    text += settings.json ? ", \"" + name + "\": " + number(figure.value)
                          : name + ": " + number(figure.value) + "\n";
  }
  return settings.json ? text + "}\n" : text;
}

double percentile_us(const std::vector<std::int64_t>& sorted_ns, double share) {
  if (sorted_ns.empty()) {
    return 0;
  }
  const auto last = static_cast<double>(sorted_ns.size() - 1);
  return static_cast<double>(sorted_ns[static_cast<std::size_t>(last * share)]) / 1000;
}

std::string proc_file(std::uint32_t pid, const char* name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The kB behind `label`, in bytes; 0 when the label is not there.
std::int64_t labelled_bytes(const std::string& text, std::string_view label) {
  const std::size_t at = text.find(label);
  if (at == std::string::npos) {
    return 0;
  }
  std::istringstream words(text.substr(at + label.size()));
  std::int64_t size_kb = 0;
  words >> size_kb;
  return size_kb * 1024;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

std::int64_t monotonic_ns() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Result<CpuTime> cpu_time_of(std::uint32_t pid) {
  if (pid == 0) {
    return CpuTime{};
  }
  const std::string text = proc_file(pid, "stat");
  // Field 2, the name, ends at the last ')'; utime and stime are fields 14 and 15.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) {
    return failure("There is no process " + std::to_string(pid) + " to measure.");
  }
  std::istringstream words(text.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) {
    words >> skipped;
  }
  double user_ticks = 0;
  double system_ticks = 0;
  words >> user_ticks >> system_ticks;
  const auto ticks_per_s = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return CpuTime{user_ticks / ticks_per_s, system_ticks / ticks_per_s};
}

CpuTime cpu_time_of_load() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return {seconds_of(usage.ru_utime), seconds_of(usage.ru_stime)};
}

Result<Memory> memory_of(std::uint32_t pid) {
  const std::string text = proc_file(pid, "smaps_rollup");
  if (text.empty()) {
    return failure("The memory of process " + std::to_string(pid) + " cannot be read.");
  }
  return Memory{labelled_bytes(text, "\nRss:"), labelled_bytes(text, "\nPss:"),
                labelled_bytes(text, "\nPrivate_Dirty:")};
}

CpuTime operator-(const CpuTime& after, const CpuTime& before) {
  return {after.user_s - before.user_s, after.system_s - before.system_s};
}

std::string report(const Settings& settings, TrafficFigures figures) {
  std::vector<std::int64_t>& latencies = figures.latencies_ns;
  std::sort(latencies.begin(), latencies.end());
  const auto sent = static_cast<double>(figures.sent_count);
  const auto delivered = static_cast<double>(figures.delivered_count);
  const double elapsed_s = std::max(figures.elapsed_s, 1e-9);  // 0: nothing ever moved.
  const double us_per_message = delivered > 0 ? 1e6 / delivered : 0;
  const double broker_s = figures.broker.user_s + figures.broker.system_s;
  const double load_s = figures.load.user_s + figures.load.system_s;
  std::vector<Figure> lines = {
      {"elapsed_s", elapsed_s},
      {"sent_per_s", sent / elapsed_s},
      {"delivered_per_s", delivered / elapsed_s},
      {"delivered", delivered},
      {"broker_user_us_per_message", figures.broker.user_s * us_per_message},
      {"broker_system_us_per_message", figures.broker.system_s * us_per_message},
      {"broker_cpu_us_per_message", broker_s * us_per_message},
      {"broker_busy_percent", 100 * broker_s / elapsed_s},
      {"load_busy_percent", 100 * load_s / elapsed_s},
      {"lost", static_cast<double>(figures.lost_count)},
      {"repeated", static_cast<double>(figures.repeated_count)},
      {"unacknowledged", static_cast<double>(figures.unacknowledged_count)},
  };
  if (!latencies.empty()) {
    lines.push_back({"latency_p50_us", percentile_us(latencies, 0.5)});
    lines.push_back({"latency_p99_us", percentile_us(latencies, 0.99)});
    lines.push_back({"latency_p999_us", percentile_us(latencies, 0.999)});
    lines.push_back({"latency_max_us", percentile_us(latencies, 1)});
  }
  return print(settings, lines);
}

std::string report(const Settings& settings, const IdleFigures& figures) {
  const auto each = [&](std::int64_t Memory::*field) {
    return static_cast<double>(figures.after.*field - figures.before.*field) / figures.connections;
  };
  return print(settings, {
                             {"connections", static_cast<double>(figures.connections)},
                             {"connected_per_s", figures.connections / figures.elapsed_s},
                             {"rss_bytes_per_connection", each(&Memory::rss_bytes)},
                             {"pss_bytes_per_connection", each(&Memory::pss_bytes)},
                             {"dirty_bytes_per_connection", each(&Memory::private_dirty_bytes)},
                         });
}

std::string report(const Settings& settings, const RecoveryFigures& figures) {
  return print(settings, {
                             {"make_s", figures.make_s},
                             {"open_s", figures.open_s},
                             {"recover_s", figures.recover_s},
                             {"start_s", figures.open_s + figures.recover_s},
                             {"disk_bytes", static_cast<double>(figures.disk_bytes)},
                             {"memory_bytes", static_cast<double>(figures.memory_bytes)},
                             {"rows", static_cast<double>(figures.rows)},
                             {"records", static_cast<double>(figures.records)},
                         });
}

std::string report(const Settings& settings, const BacklogFigures& figures) {
  return print(settings, {
                             {"publish_s", figures.publish_s},
                             {"fetch_s", figures.fetch_s},
                             {"rss_queued_max", static_cast<double>(figures.rss_queued_max)},
                             {"rss_drained_max", static_cast<double>(figures.rss_drained_max)},
                             {"received", static_cast<double>(figures.received)},
                             {"lost", static_cast<double>(figures.lost)},
                             {"repeated", static_cast<double>(figures.repeated)},
                         });
}

std::string report(const Settings& settings, CommitFigures figures) {
  std::sort(figures.sync_ns.begin(), figures.sync_ns.end());
  std::sort(figures.puback_ns.begin(), figures.puback_ns.end());
  const double sync_us = percentile_us(figures.sync_ns, 0.5);
  const double puback_us = percentile_us(figures.puback_ns, 0.5);
  return print(settings, {
                             {"fdatasync_p50_us", sync_us},
                             {"fdatasync_p99_us", percentile_us(figures.sync_ns, 0.99)},
                             {"puback_p50_us", puback_us},
                             {"puback_p99_us", percentile_us(figures.puback_ns, 0.99)},
                             {"p50_ratio", sync_us > 0 ? puback_us / sync_us : 0},
                         });
}

}  // namespace tandemq
