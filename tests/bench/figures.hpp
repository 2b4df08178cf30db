// Figures: what a run measured, and how it is printed. Also reads what the kernel counts for a
// process: CPU time of all its threads, and its memory. Owner: a scenario; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tests/bench/settings.hpp"

namespace tandemq {

struct CpuTime {
  double user_s = 0;
  double system_s = 0;
};

struct Memory {
  std::int64_t rss_bytes = 0;
  std::int64_t pss_bytes = 0;
  std::int64_t private_dirty_bytes = 0;
};

struct TrafficFigures {
  std::uint64_t sent_count = 0;  // While measured; so are delivered_count and the CPU times.
  std::uint64_t delivered_count = 0;
  double elapsed_s = 0;
  CpuTime broker;
  CpuTime load;
  std::vector<std::int64_t> latencies_ns;  // One for each measured delivery of `latency`.
  // Of the whole run, warm-up included.
  std::uint64_t lost_count = 0;
  std::uint64_t repeated_count = 0;
  std::uint64_t unacknowledged_count = 0;
};

struct CommitFigures {
  std::vector<std::int64_t> sync_ns;    // Of a small write and its fdatasync.
  std::vector<std::int64_t> puback_ns;  // From PUBLISH to PUBACK.
};

struct BacklogFigures {
  double publish_s = 0;
  double fetch_s = 0;
  std::int64_t rss_queued_max = 0;   // Of the broker, bytes, while the messages were published.
  std::int64_t rss_drained_max = 0;  // While they were fetched.
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t repeated = 0;  // Or out of order.
};

struct RecoveryFigures {
  double make_s = 0;
  double open_s = 0;     // RocksDB.
  double recover_s = 0;  // Tables, log, State::check().
  std::uint64_t disk_bytes = 0;
  std::uint64_t memory_bytes = 0;  // Of the recovered State and the store.
  std::uint64_t rows = 0;
  std::uint64_t records = 0;
};

struct IdleFigures {
  std::uint32_t connections = 0;
  double elapsed_s = 0;  // To connect them all, one after the other.
  Memory before;
  Memory after;
};

std::int64_t monotonic_ns();
Result<CpuTime> cpu_time_of(std::uint32_t pid);  // No pid: zero.
CpuTime cpu_time_of_load();
Result<Memory> memory_of(std::uint32_t pid);
CpuTime operator-(const CpuTime& after, const CpuTime& before);

std::string report(const Settings& settings, TrafficFigures figures);
std::string report(const Settings& settings, const IdleFigures& figures);
std::string report(const Settings& settings, const RecoveryFigures& figures);
std::string report(const Settings& settings, const BacklogFigures& figures);
std::string report(const Settings& settings, CommitFigures figures);

}  // namespace tandemq
