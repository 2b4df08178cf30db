// rules: who may do what when: one row for every role and event, with the next role, what the shell
// has to do, and why. The facts are judged before (machine.hpp: classify), never here. That each
// pair of role and event has exactly one row, and the safety rules below the table, are proven when
// this is compiled. diagram.hpp prints the table; README.md of this folder holds it.
// Constants only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace tandemq::failover {

enum class Role : std::uint8_t {
  reconciling,  // No primary is connected.
  syncing,      // A primary is, and this node lacks something.
  insync,       // Every commit needs this node; it may take over when the primary is gone.
  claiming,     // The primary is silent; what the policy asks for is being proven.
  promoting,    // It is going to lead; nobody is served yet.
  solo,         // It leads alone.
  paired,       // It leads with a standby in sync.
  stalled,      // The standby is lost; acknowledgements wait until it may go on alone.
  handing,      // All is acknowledged, and the standby is asked to lead; nothing is sealed.
  demoting,     // It stops serving; another life of the node follows.
};
inline constexpr std::size_t kRoles = 10;

enum class Event : std::uint8_t {
  follows,       // A primary streams to this node.
  in_sync,       // The primary says so.
  link_lost,     // The connection to the primary has ended.
  outdated,      // The primary goes on alone and says so, or may have done so by now.
  primary_gone,  // Its process is dead, or it has been silent for long enough.
  proven,        // What the policy asks for has been proven: this node may act.
  refuted,       // It has not.
  led_before,    // Nobody can have led since this node did.
  listed,        // By the witness's record it may lead, and nobody does.
  promote,       // The operator wants it, and nothing speaks against it, or he answers for it.
  serves,        // The listeners are open.
  standby_near,  // It has all that was ever committed.
  standby_lost,  // It does not answer.
  isolated,      // Neither the standby nor a gateway answers, or did for a while.
  superseded,    // A newer term has begun.
  cut_off,       // Neither the witness nor the standby has answered for too long.
  demote,        // The operator wants it.
  drained,       // The operator wants the standby to lead, and that one has all.
  taken,         // The standby leads.
  declined,      // It does not, and will not.
  handed_over,   // The primary has sealed its last record, which is here, and asks us to lead.
  failed,        // This node can't go on as it is.
};
inline constexpr std::size_t kEvents = 22;

enum class Action : std::uint8_t {
  none,
  prove,       // What the policy asks for, then Event::proven or refuted.
  lead,        // A new term, listeners; then Event::serves.
  take_vip,    // The address may come.
  pair,        // Write down that there is a standby in sync, then say so to it.
  go_alone,    // Write down that there is none, then let out what waits.
  step_down,   // Stop to serve; follow whoever leads.
  step_aside,  // The same, and lead again when the other one says that it has not led.
  offer,       // Ask the standby to lead.
};
inline constexpr std::size_t kActions = 9;

// What a role means to the world (invariant I9).
struct RoleTraits {
  std::string_view name;
  bool leads = false;         // It has a term of its own.
  bool acknowledges = false;  // To its clients.
  bool may_hold_vip = false;  // The role file says 1.
};

struct Rule {
  Role from{};
  Event event{};
  Role to{};
  Action action{};
  std::string_view why;
};

constexpr std::size_t index(Role role) {
  return static_cast<std::size_t>(role);
}
constexpr std::size_t index(Event event) {
  return static_cast<std::size_t>(event);
}

const RoleTraits& traits_of(Role role);
std::string_view name_of(Role role);
std::string_view name_of(Event event);
std::string_view name_of(Action action);
// The row; there is exactly one.
const Rule& rule_for(Role role, Event event);

}  // namespace tandemq::failover
