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
  demoting,     // It stops serving; another life of the node follows.
};
inline constexpr std::size_t kRoles = 9;

enum class Event : std::uint8_t {
  follows,       // A primary streams to this node.
  in_sync,       // The primary says so.
  link_lost,     // The connection to the primary has ended.
  outdated,      // The primary goes on alone and says so, or may have done so by now.
  primary_gone,  // Its process is dead, or it has been silent for long enough.
  proven,        // What the policy asks for has been proven: this node may act.
  refuted,       // It has not.
  led_before,    // Nobody can have led since this node did.
  promote,       // The operator wants it, and nothing speaks against it, or he answers for it.
  serves,        // The listeners are open.
  standby_near,  // It has all that was ever committed.
  standby_lost,  // It does not answer.
  superseded,    // A newer term has begun.
  demote,        // The operator wants it.
  failed,        // This node can't go on as it is.
};
inline constexpr std::size_t kEvents = 15;

enum class Action : std::uint8_t {
  none,
  prove,      // What the policy asks for, then Event::proven or refuted.
  lead,       // A new term, listeners; then Event::serves.
  take_vip,   // The address may come.
  pair,       // Write down that there is a standby in sync, then say so to it.
  go_alone,   // Write down that there is none, then let out what waits.
  step_down,  // Stop to serve; follow whoever leads.
};
inline constexpr std::size_t kActions = 7;

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
