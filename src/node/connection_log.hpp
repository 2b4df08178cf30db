// ConnectionLog: lines in the log about who comes and who goes, and why. During a storm of
// connections only the first of each second are written and the others are counted.
// Owned by node; core thread.
#pragma once

#include "base/time.hpp"
#include "broker/audit.hpp"
#include "broker/connection.hpp"

#include <cstdint>
#include <memory>
#include <string>

#include <spdlog/logger.h>

namespace tandemq {

class ConnectionLog {
 public:
  explicit ConnectionLog(std::shared_ptr<spdlog::logger> log) : log_(std::move(log)) {}

  void connected(const Connection& connection, Instant now);
  void warn(const AuditEvent& event, Instant now);
  void closed(const Connection& connection, const std::string& why, Instant now);

 private:
  [[nodiscard]] bool may_write(Instant now);

  std::shared_ptr<spdlog::logger> log_;
  Instant second_;                // When the running second began.
  std::uint32_t count_ = 0;       // Lines in the running second.
  std::uint32_t suppressed_ = 0;  // Lines left out since the last one written.
  Instant warned_at_;             // When warn() has written last.
  std::uint32_t unwarned_ = 0;    // What it has left out since.
};

}  // namespace tandemq
