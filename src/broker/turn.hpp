// World: the State, the volatile side and the settings that the rules work on. Turn: one step over
// it, with the time and the effects. Every rule file takes a Turn; a change of the State goes
// through Turn::apply and an output through Turn::send, nowhere else.
// Core thread; a Turn lives for one step.
#pragma once

#include "access/access.hpp"
#include "access/login_brake.hpp"
#include "base/timers.hpp"
#include "broker/ack_policy.hpp"
#include "broker/admission.hpp"
#include "broker/audit.hpp"
#include "broker/connection.hpp"
#include "broker/counters.hpp"
#include "broker/drops.hpp"
#include "broker/effects.hpp"
#include "broker/history.hpp"
#include "broker/limit_hits.hpp"
#include "broker/overload.hpp"
#include "broker/revoked.hpp"
#include "broker/targets.hpp"
#include "broker/trace.hpp"
#include "config/ack_rule.hpp"
#include "config/config.hpp"
#include "config/listener_limits.hpp"
#include "session/state.hpp"

#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tandemq {

// What a timer is about; whoever handles it asks its subject whether it still holds.
struct Due {
  enum class Kind : std::uint8_t {
    connect_timeout,  // A connection must have sent CONNECT by now.
    keep_alive,       // A connection must have sent something.
    login,            // The token of a connection expires.
    blocked,          // A publisher waits for room in a queue.
    session,          // A session may have expired.
    will,             // The will of a client may be due.
    retained,         // A retained message may have expired.
    sys,              // $SYS topics are published.
    adopt,            // A page of what was taken over.
  };
  Kind kind{};
  std::uint64_t subject = 0;  // Connection or session.
  std::string name;           // Client id of a will, topic of a retained message.

  auto operator<=>(const Due&) const = default;
};

// How far a State that was taken over has been adopted (broker/adopt.hpp).
struct Adoption {
  bool wills_done = false;
  std::string will_from;    // The next one.
  std::size_t session = 0;  // The same.
  TopicCursor retained;
};

struct World {
  World(State& state_, const Config& config_, std::shared_ptr<const Access> access_)
      : state(state_),
        config(config_),
        level(node_level(config_)),
        ack(config_),
        limits(config_),
        admission(limits),
        access(std::move(access_)),
        drops(config_.limits.drops_kept),
        history(config_.limits.history_events) {}

  State& state;
  Config config;
  const CommitLevel level;  // Of whatever nobody asks for another one.
  AckPolicy ack;
  ListenerLimits limits;  // A connection refers to those of its listener.
  Admission admission;
  std::shared_ptr<const Access> access;
  Revoked revoked;  // By `access`.
  Connections connections;
  Timers<Due> timers;
  std::map<Due, Instant> watched;  // When the earliest timer of Turn::watch() is set.
  Counters counters;
  Drops drops;
  LimitHits limit_hits;
  Overload overload;
  std::vector<ConnectionId> held;  // Not read from for lack of memory.
  History history;
  Trace trace;
  Audit audit;
  LoginBrake brake;
  std::vector<ConnectionId> blocked;  // In the order in which they came to wait.
  bool disk_low = false;              // Nothing new is taken that has to be stored.
  bool room_made = false;             // A queue has shrunk since the blocked were tried last.
  std::unordered_map<std::uint64_t, std::uint32_t> share_cursors;  // Round robin, by group key.
  std::vector<std::pair<std::string, std::string>> sys_values;     // $SYS topics as last published.
  Matches matches;                                                 // Working memory of route().
  TargetList targets;                                              // The same.
  std::vector<std::pair<DropReason, MessageRef>> dead_letters;  // To be published after the step.
  std::vector<ConnectionId> fetching;  // They wait for bodies that are read back.
  std::uint64_t next_fetch = 1;        // Number of the next request for bodies.
  Instant started_at;                  // Zero until the first step.
  std::optional<Adoption> adoption;    // While it is under way.
};

class Turn {
 public:
  Turn(World& world_, Instant now_, Effects& effects_)
      : world(world_), now(now_), effects(effects_), state(world_.state) {}

  World& world;
  const Instant now;
  Effects& effects;
  const State& state;

  // Changes the State, and records the change if it is durable.
  void apply(const Mutation& mutation);

  // Puts an output out. It is held if this step has recorded anything before, or if outputs of the
  // same connection are held: what goes to one client stays in order.
  template <class Action>
  void send(Connection& connection, Action action) {
    send_at(world.level, connection, std::move(action));
  }
  // The same, held until the record is committed at another level than the node's.
  template <class Action>
  void send_at(CommitLevel level, Connection& connection, Action action) {
    Outputs& outputs = outputs_for(connection, recorded_ ? level : CommitLevel::memory);
    outputs.list.emplace_back(connection.id, std::move(action));
  }
  void send_packet(Connection& connection, mqtt::Packet packet);
  // Of QoS 0 never waits for a record, others do if the message is in the log.
  void deliver(Connection& connection, const MessageRef& message, Deliver&& delivery);

  // A Reason String, if the client wants them and it fits beside `payload` bytes [MQTT-3.2.2-19].
  [[nodiscard]] mqtt::Properties reason_string(const Connection& connection, std::string_view why,
                                               std::size_t payload = 0) const;

  // Sets a timer for a subject whose deadline moves often, unless one is set that comes earlier:
  // whoever handles that one watches the subject again. So it has one timer, not one a move.
  void watch(Instant at, const Due& due);

  // Counts and remembers a message that is not delivered; a dead letter if that is configured. Null
  // for one that is on disk only: its topic is not worth reading it back.
  void drop(DropReason reason, std::string_view client_id, const MessageRef& message);
  void note_drop(Drop drop);  // Counts and remembers, no more.
  void trace(const Connection& connection, std::string_view topic, std::string text) const;

  // Remembers what happens to a session, for `tandemqctl explain`.
  void happens(Happening what, SessionId session, mqtt::ReasonCode reason, std::string_view text);
  void happens(Happening what, SessionId session, mqtt::ReasonCode reason, std::uint16_t packet_id,
               MessageId message);
  void happens(Happening what, SessionId session, Wait wait, mqtt::QoS qos, const Message& message);
  // A message is routed: what happens to it shares its topic, until end_routing().
  void begin_routing(const Message& message, SessionId publisher, std::uint16_t packet_id);
  void end_routing() { routed_ = nullptr; }

  // The outputs that follow in this step wait for all that was recorded so far of the session, by
  // any step. One that is not durable has nothing in the log, and had no connection before.
  void wait_for_log(const Connection& connection) {
    if (state.session(connection.session)->durable) recorded_ = true;
  }

 private:
  // Where the connection's next output belongs.
  Outputs& outputs_for(Connection& connection, CommitLevel level);
  [[nodiscard]] std::uint32_t lsn() const { return static_cast<std::uint32_t>(effects.next_lsn); }
  [[nodiscard]] HistoryText topic_of(const Message& message) const;

  const Message* routed_ = nullptr;  // Alive as long as it is set.
  HistoryText topic_{};              // Where the history has its topic.
  bool recorded_ = false;            // This step has added to the record, or waits for it.
};

}  // namespace tandemq
