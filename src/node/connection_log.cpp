#include "node/connection_log.hpp"

#include <string_view>
#include <utility>

namespace tandemq {
namespace {

constexpr std::uint32_t kLinesMax = 100;  // A second.
constexpr std::int64_t kWarningMs = 1'000;

std::string_view name_of(mqtt::Version version) {
  switch (version) {
    case mqtt::Version::v31:
      return "3.1";
    case mqtt::Version::v311:
      return "3.1.1";
    case mqtt::Version::v5:
      return "5.0";
  }
  return "?";
}

std::string_view address_of(const Connection& connection) {
  return connection.origin ? std::string_view(connection.origin->address) : "?";
}

}  // namespace

void ConnectionLog::connected(const Connection& connection, Instant now) {
  if (!log_->should_log(spdlog::level::info) || !may_write(now)) return;
  log_->info("client '{}' connected from {} (MQTT {}, user '{}', keep alive {} s)",
             connection.client_id, address_of(connection), name_of(connection.version),
             connection.user_name, connection.keep_alive_s);
}

void ConnectionLog::closed(const Connection& connection, const std::string& why, Instant now) {
  if (!log_->should_log(spdlog::level::info) || !may_write(now)) return;
  if (connection.client_id.empty()) {
    log_->info("connection from {} closed before it was accepted: {}", address_of(connection), why);
  } else {
    log_->info("client '{}' from {} disconnected: {}", connection.client_id, address_of(connection),
               why);
  }
}

void ConnectionLog::warn(const AuditEvent& event, Instant now) {
  if (ms_between(warned_at_, now) < kWarningMs) {
    ++unwarned_;
    return;
  }
  warned_at_ = now;
  const std::uint32_t others = std::exchange(unwarned_, 0);
  if (others == 0) return log_->warn("{}", event.why);
  log_->warn("{}; {} more such lines were left out", event.why, others);
}

bool ConnectionLog::may_write(Instant now) {
  if (ms_between(second_, now) >= 1'000) {
    second_ = now;
    count_ = 0;
    if (suppressed_ > 0) {
      log_->info("{} more clients came or went; only {} lines a second are written", suppressed_,
                 kLinesMax);
    }
    suppressed_ = 0;
  }
  if (++count_ <= kLinesMax) return true;
  ++suppressed_;
  return false;
}

}  // namespace tandemq
