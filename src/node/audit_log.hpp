// AuditLog: the audit trail, written line by line in the order in which it was put in: to a file,
// to stderr or to the journal. Whoever puts something in never waits for the disk: what a thread of
// its own has not written yet is bounded, what comes beyond that is lost and counted, and the next
// line says how many ("lost"). It forces nothing to the disk.
// Owned by node; put(), reopen() and counts() may be called by any thread.
#pragma once

#include "base/mailbox.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "node/audit_line.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

namespace tandemq {

class AuditLog {
 public:
  static constexpr std::uint32_t kWaitingMax = 20'000;  // Lines.

  struct Ports {
    std::function<Instant()> now;
    std::function<void(const std::string&)> warn;  // Called on the thread that writes.
  };
  struct Counts {
    std::uint64_t lines = 0;
    std::uint64_t lost = 0;
  };

  AuditLog(const AuditConfig& config, std::string node_id, Ports ports);
  ~AuditLog();  // Writes what waits.
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // The error names the key and the file.
  Result<void> open();
  [[nodiscard]] bool active() const { return config_.to != "none"; }
  void put(AuditEvent&& event) { put_entry(std::move(event)); }
  void put(AdminCall&& call) { put_entry(std::move(call)); }
  // Closes the file and opens it by its name again: somebody has moved it away.
  void reopen();
  [[nodiscard]] Counts counts() const;

 private:
  struct Mark {
    std::string_view event;
    Instant at;
  };
  using Entry = std::variant<AuditEvent, AdminCall, Mark>;
  struct Waiting {
    Entry entry;
    std::uint64_t lost_before = 0;
  };
  struct Line {
    std::size_t end = 0;  // In the batch.
    std::uint64_t lost = 0;
  };

  void put_entry(Entry&& entry);
  void drain();
  void add_line(Waiting& waiting);
  void write_batch();
  void write_journal(const Json& fields);
  void lose(std::uint64_t count, const std::string& why);
  bool open_file();

  const AuditConfig config_;
  const std::string node_id_;
  const Ports ports_;
  std::atomic<std::uint32_t> waiting_{0};
  std::atomic<std::uint64_t> turned_away_{0};  // Since the last one that was let in.
  std::atomic<std::uint64_t> lines_{0};
  std::atomic<std::uint64_t> lost_{0};
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  Mailbox<Waiting> mailbox_;
  // The thread's own.
  std::vector<Waiting> drained_;
  std::string batch_;
  std::vector<Line> batch_lines_;
  std::uint64_t unwritten_ = 0;  // Lost since the last line that was written.
  bool torn_ = false;            // The last line in the file has no end.
  bool failing_ = false;         // That was said.
  int file_ = -1;
  std::thread thread_;
};

}  // namespace tandemq
