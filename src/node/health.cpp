#include "node/health.hpp"

#include <string>

namespace tandemq {
namespace {

bool flag(const Json& status, const char* part, const char* key) {
  return status.contains(part) && status[part].value(key, false);
}

std::string about_primary(const Json& status) {
  if (!status.contains("peer")) return "It serves the clients; it has no peer.";
  if (flag(status, "peer", "in_sync")) return "It serves the clients, its standby is in sync.";
  if (flag(status, "peer", "connected")) return "It serves the clients, a standby is joining it.";
  return "It serves the clients, no standby is connected.";
}

std::string about_memory(const Json& status) {
  const std::string pressure =
      status.value("memory", Json::object()).value("pressure", std::string("none"));
  if (pressure == "publishers")
    return " Memory is short: the heaviest publishers are not read from.";
  if (pressure == "connections") return " Memory is short: nobody is let in.";
  return {};
}

std::string about_standby(const Json& status, const std::string& phase) {
  if (flag(status, "replication", "outdated"))
    return "The primary went on without it: it may lack acknowledged messages.";
  if (phase == "image") return "It takes a whole copy of the primary's data.";
  if (phase == "nobody leads") return "Neither node leads: see 'tandemqctl status' on both.";
  if (phase != "following") return "It has no connection to a primary.";
  if (!flag(status, "peer", "in_sync")) return "It catches up with the primary.";
  return "It follows the primary and is in sync.";
}

}  // namespace

HealthReport health_of(const Result<Json>& status, bool stopping) {
  if (!status) return {false, false, false, "unknown", status.error().text};
  HealthReport health{true, false, false, status->value("role", "unknown"), {}};
  if (stopping) {
    health.why = "It is stopping.";
  } else if (health.role == "primary") {
    health.ready = health.primary = true;
    health.why = about_primary(*status) + about_memory(*status);
  } else {
    const std::string phase =
        status->value("replication", Json::object()).value("phase", std::string());
    health.ready = phase == "following" && flag(*status, "peer", "in_sync") &&
                   !flag(*status, "replication", "outdated");
    health.why = about_standby(*status, phase);
  }
  return health;
}

}  // namespace tandemq
