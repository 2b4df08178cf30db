#include "broker/audit.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace tandemq {

std::string_view name(AuditEvent::What what) {
  constexpr std::array<std::string_view, 8> kNames = {
      "connected",      "disconnected",     "login_refused",  "login_paused",
      "publish_denied", "subscribe_denied", "receive_denied", "roles_unknown"};
  return kNames.at(static_cast<std::size_t>(what));
}

void Audit::listen(Listener listener, bool everything) {
  listener_ = std::move(listener);
  everything_ = everything && listener_ != nullptr;
}

bool is_warning(AuditEvent::What what) {
  return what == AuditEvent::What::login_paused || what == AuditEvent::What::roles_unknown;
}

void Audit::report(AuditEvent&& event) const {
  if ((everything_ || is_warning(event.what)) && listener_) listener_(std::move(event));
}

bool Audit::tells_receive(const std::string& client_id, Instant now, std::uint64_t& count) {
  if (!everything_) return false;
  if (quiet_.size() >= kQuietMax && !quiet_.contains(client_id)) quiet_.clear();
  Quiet& quiet = quiet_[client_id];
  ++quiet.count;
  if (now < quiet.until) return false;
  count = std::exchange(quiet.count, 0);
  quiet.until = now.plus_s(AuditEvent::kDeniedReceiveS);
  return true;
}

}  // namespace tandemq
