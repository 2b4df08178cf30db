// AdminCall: who has asked for which command, and what became of it, for the audit trail. Plain
// values.
#pragma once

#include "admin/json.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tandemq {

// The process at the other end of the unix socket when it connected, by word of the kernel.
struct SocketPeer {
  std::uint32_t uid = 0;
  std::int32_t pid = 0;
};

struct AdminCall {
  Instant at;
  std::optional<SocketPeer> peer{};  // None: the kernel did not say.
  std::string command{};             // As it is called; what is no command, the path.
  Json arguments = Json::object();   // Without what may be a secret, see arguments_for_audit().
  std::string error{};               // A sentence; empty: it was done, or its stream has begun.
};

// Contents of messages are not for an audit trail: of a text "payload" only its size stays.
Json arguments_for_audit(const Json& arguments);

}  // namespace tandemq
