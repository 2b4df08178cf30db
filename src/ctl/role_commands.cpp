#include "ctl/role_commands.hpp"

#include "ctl/client.hpp"
#include "ctl/printer.hpp"
#include "ctl/status.hpp"
#include "ctl/wanted_state.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

namespace tandemq {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kAskEvery{50};
constexpr milliseconds kFencePatience{40'000};  // The command has 30 s.
constexpr milliseconds kHealthPatience{3'000};  // A broker that is busy answers within 1 s.

void print(const Request& request, const Json& record, Instant now) {
  Printer printer(*request.command, request.json, false);
  std::cout << printer.take(json_text(record), now) << std::flush;
}

// What the last answer said, for who has waited in vain.
std::string last_words(const tl::expected<Json, CommandFailure>& status) {
  if (!status) return status.error().text;
  const Json state = state_of(*status);
  const std::string role = state["role"];
  const std::string failover = state["failover"];
  return "It is " + role + " (" + failover + "), " +
         (state["in_sync"] == true ? "in sync." : "not in sync.");
}

}  // namespace

int run_wait(const std::string& socket, const Request& request, Instant now) {
  const Json& arguments = request.arguments;
  const std::string text = arguments.value("timeout", std::string("30s"));
  const auto timeout = parse_duration(text);
  if (!timeout) return complain(kWrongUse, timeout.error().text);
  const WantedState wanted{arguments.value("role", std::string()),
                           arguments.value("in_sync", false)};
  const Clock::time_point began = Clock::now();
  while (true) {
    const auto waited = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
    const milliseconds left = std::max(*timeout - waited, kAskEvery);
    const auto status = AdminClient(socket, left).ask("status", Json::object());
    if (status && meets(*status, wanted)) {
      Json record = state_of(*status);
      record["waited_ms"] = waited.count();
      print(request, record, now);
      return kDone;
    }
    const bool is_other_version = !status && status.error().kind == CommandFailure::Kind::usage;
    if (is_other_version) return complain(status.error());
    if (waited >= *timeout)
      return complain(kRefused, "waited " + text + " for " + name_of(wanted) + " in vain. " +
                                    last_words(status));
    std::this_thread::sleep_for(std::min(kAskEvery, *timeout - waited));
  }
}

int run_health(const std::string& socket, const Request& request, Instant now) {
  const auto health = AdminClient(socket, kHealthPatience).ask("health", Json::object());
  if (!health) {
    const bool silent = health.error().kind == CommandFailure::Kind::refused;
    return complain(silent ? kRefused : kWrongUse, health.error().text);
  }
  print(request, *health, now);
  const Json& arguments = request.arguments;
  const bool asks_live = arguments.value("live", false);
  const bool asks_serving = arguments.value("serving", false);
  const bool asks_ready = arguments.value("ready", !asks_live && !asks_serving);
  const bool good = (!asks_live || health->value("live", false)) &&
                    (!asks_serving || health->value("primary", false)) &&
                    (!asks_ready || health->value("ready", false));
  return good ? kDone : kRefused;
}

int run_verify(const std::string& socket, const Request& request, Instant now) {
  const auto verified = AdminClient(socket).ask("verify", Json::object());
  if (!verified) return complain(kWrongUse, verified.error().text);
  print(request, *verified, now);
  return verified->value("verdict", std::string()) == "equal" ? kDone : kRefused;
}

int run_fence(const std::string& socket, const Request& request, Instant now) {
  const auto fenced = AdminClient(socket, kFencePatience).ask("fence", request.arguments);
  if (!fenced) return complain(fenced.error());
  print(request, *fenced, now);
  return fenced->value("succeeded", false) ? kDone : kRefused;
}

}  // namespace tandemq
