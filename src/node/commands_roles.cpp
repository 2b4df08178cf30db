#include "node/commands.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

namespace tandemq {
namespace {

constexpr std::uint64_t kEventsShown = 20;
constexpr std::chrono::seconds kVerifyPatience{25};  // tandemqctl has 30.
constexpr std::chrono::milliseconds kVerifyGlance{10};

Json to_json(const failover::RoleEvent& event) {
  return {{"at", event.at.ms},    {"term", event.term}, {"from", event.from},
          {"event", event.event}, {"to", event.to},     {"why", event.why}};
}

Result<RowSource> list_events(const CommandPorts& ports, const Json& arguments) {
  const auto events = ports.role_events();
  if (!events) return tl::unexpected(events.error());
  const std::uint64_t wanted = arguments.value("limit", kEventsShown);
  std::vector<Json> rows;
  for (std::size_t i = events->size() - std::min<std::size_t>(wanted, events->size());
       i < events->size(); ++i)
    rows.push_back(to_json((*events)[i]));
  return at_once(std::move(rows));
}

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(number));
  return digits.data();
}

Json to_json(const Comparison& seen) {
  const bool equal = seen.phase() == Comparison::Phase::equal;
  return {{"verdict", equal ? "equal" : "different"},
          {"first_lsn", seen.first_lsn()},
          {"last_lsn", seen.last_lsn()},
          {"parts", seen.parts()},
          {"sessions", seen.next_session()},
          {"ours", hexadecimal(seen.ours())},
          {"theirs", hexadecimal(seen.theirs())},
          {"why", seen.why()}};
}

// Each part waits for the standby; the broker goes on meanwhile.
Result<Json> verify(const CommandPorts& ports) {
  const auto begun = ports.begin_comparison();
  if (!begun) return tl::unexpected(begun.error());
  if (!*begun) return failure("Nothing was compared: " + begun->error().text + ".");
  const auto until = std::chrono::steady_clock::now() + kVerifyPatience;
  while (std::chrono::steady_clock::now() < until) {
    const auto seen = ports.comparison();
    if (!seen) return tl::unexpected(seen.error());
    if (seen->phase() == Comparison::Phase::broken)
      return failure("The comparison came to no end: " + seen->why() + ".");
    if (seen->phase() != Comparison::Phase::under_way) return to_json(*seen);
    std::this_thread::sleep_for(kVerifyGlance);
  }
  return failure("The comparison takes longer than 25 s; it goes on. Ask again later.");
}

}  // namespace

void add_role_handlers(const CommandPorts& ports, CommandHandlers& handlers) {
  handlers.records["promote"] = [ports](const Json& a) {
    return ports.promote(a.value("force", false));
  };
  handlers.records["demote"] = [ports](const Json&) { return ports.demote(); };
  handlers.records["switchover"] = [ports](const Json&) { return ports.switchover(); };
  handlers.records["fence"] = [ports](const Json& a) {
    return ports.fence(a.value("force", false));
  };
  handlers.records["health"] = [ports](const Json&) -> Result<Json> {
    return to_json(ports.health());
  };
  handlers.records["verify"] = [ports](const Json&) { return verify(ports); };
  handlers.rows["events"] = [ports](const Json& a) { return list_events(ports, a); };
}

}  // namespace tandemq
