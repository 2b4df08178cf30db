// Machine: the failover of one node in one life: the role it has by the rules, and what has to be
// done now. classify() turns what the shell sees into events; nothing else judges facts. It asks no
// clock and does nothing: the agent carries out what it says.
// Owned by the agent; core thread.
#pragma once

#include "base/time.hpp"
#include "config/config.hpp"
#include "failover/rules.hpp"
#include "failover/standing.hpp"
#include "failover/witnessed.hpp"
#include "replication/feed.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

namespace tandemq::failover {

struct Settings {
  FailoverPolicy policy = FailoverPolicy::heartbeat;
  bool witness = false;            // There is one, and it decides.
  std::uint32_t silent_ms = 500;   // A primary that has said nothing for so long is gone.
  std::uint32_t alone_ms = 2'000;  // So long after the last contact nobody goes on alone, and
                                   // everybody may have done so behind it.
};
Settings settings_of(const Config& config);

// What the shell sees.
struct Facts {
  Standing standing;        // Of a node that does not lead.
  bool tried_peer = false;  // It was dialled in vain, or has answered that it does not lead.
  Instant heard_at;         // Each heard the other one; of a leader: when it was lost.
  Instant seen_at;          // The last sign of life, which need not mean that it hears this node.
  Instant awake_since;      // See Machine::wake().
  bool refused = false;     // Since then: nobody listens there, so its process is dead.
  // Of the gateways; see GatewayRecord.
  Instant gateway_at;
  Instant gateway_since = Instant::never();
  // Of a node that leads.
  bool serves = false;           // The listeners are open.
  bool wants_pair = false;       // The standby has all; see Feed::Wish.
  bool wants_alone = false;      // The standby is lost.
  bool standby_answers = false;  // It follows, knowing that it is not in sync.
  bool standby_noted = false;    // It has written down that it is outdated, after this loss.
  bool superseded = false;       // A newer term has been seen.
  Instant promised_at;           // See Feed::Status.
  Witnessed witness;             // If there is one.
  Feed::Move move{};             // To the standby, as the operator wants it.
};

// What follows from the facts in this role; nothing: all is as it was.
std::optional<Event> classify(Role role, const Facts& facts, const Settings& settings, Instant now);
// Whether it is time to ask what the policy asks for: a leader waits until a standby that claims
// would have done so.
bool may_prove(Role role, const Facts& facts, const Settings& settings, Instant now);

// Whether the proof is the fence: not for a standby that cannot take over, and says so.
bool needs_fence(Role role, const Facts& facts, const Settings& settings);

class Machine {
 public:
  struct Change {
    Instant at;
    Role from{};
    Event event{};
    Role to{};
    std::string_view why;
  };
  static constexpr std::size_t kChangesKept = 100;

  explicit Machine(const Settings& settings) : settings_(settings) {}

  // Before the facts are looked at, many times a second. A process that stood still has heard
  // nothing meanwhile, so it has to listen anew before it holds the other one's silence against it.
  void wake(Instant now);
  [[nodiscard]] Instant awake_since() const { return awake_since_; }
  // What has happened; says what has to be done.
  Action take(Event event, Instant now);
  [[nodiscard]] std::optional<Event> classify(const Facts& facts, Instant now) const {
    return failover::classify(role_, facts, settings_, now);
  }

  [[nodiscard]] Role role() const { return role_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  // How often this node, as a leader, has lost its standby.
  [[nodiscard]] std::uint64_t losses() const { return losses_; }
  // It has just stepped down because its peer has seen a newer term.
  [[nodiscard]] bool is_superseded() const {
    return !changes_.empty() && changes_.back().event == Event::superseded;
  }
  // Of the role, the newest last.
  [[nodiscard]] const std::deque<Change>& changes() const { return changes_; }

 private:
  const Settings settings_;
  Role role_ = Role::reconciling;
  std::uint64_t losses_ = 0;
  Instant woken_at_;  // Last.
  Instant awake_since_;
  std::deque<Change> changes_;
};

std::string_view name_of(FailoverPolicy policy);

}  // namespace tandemq::failover
