// Broker: MQTT itself, on one node. step() takes an event and the time, decides on the State and
// the connections, and yields effects: mutations, applied and recorded at once, and outputs, which
// the caller lets out when the record is committed. No socket, clock, thread, disk or randomness:
// the same events give the same effects. The rules stand in the files beside this one, a file a
// theme; this class holds what they share.
// Owned by the role object; core thread.
#pragma once

#include "access/access.hpp"
#include "broker/connection.hpp"
#include "broker/counters.hpp"
#include "broker/drops.hpp"
#include "broker/effects.hpp"
#include "broker/event.hpp"
#include "broker/trace.hpp"
#include "broker/turn.hpp"
#include "config/config.hpp"
#include "session/state.hpp"

#include <memory>
#include <string>

namespace tandemq {

class Broker {
 public:
  Broker(State& state, const Config& config, std::shared_ptr<const Access> access);

  // Takes over the State as it is: whoever was connected in it has just lost the connection.
  void start(Instant now, Effects& effects);
  void step(Event&& event, Instant now, Effects& effects);
  // Lets happen what is due by `now`. To be called when next_due() has come, or earlier.
  void tick(Instant now, Effects& effects);
  [[nodiscard]] Instant next_due() const { return world_.timers.next(); }
  // Publishers that wait for room in a queue get another try; to be called after a batch.
  void retry_blocked(Instant now, Effects& effects);

  // The answer to Effects::wanted of this number, see broker/fetch.hpp.
  void bodies_read(std::uint64_t request, const std::vector<MessageRef>& bodies,
                   const std::vector<MessageId>& lost, Instant now, Effects& effects);

  // Whether the disk has no room for anything new (store.low_bytes).
  void set_disk_low(bool low);

  // What the process has of memory and what it may have, see broker/relieve.hpp. True if it begins
  // or ceases to be too much.
  bool take_memory(std::uint64_t resident_bytes, std::uint64_t max_bytes, Instant now,
                   Effects& effects);

  // The node is about to stop serving: every client is told (0x8B, or 0x9C with the Server
  // Reference) and closed. Wills are not published: the sessions go on elsewhere or later.
  void say_goodbye(Instant now, Effects& effects);

  // Settings that can change while it runs; `config` is the whole new tree. They hold for what
  // comes; what was granted stays.
  void reload(const Config& config, std::shared_ptr<const Access> access, Instant now,
              Effects& effects);

  // For administration, which looks at everything and acts through the rules (broker/operate.hpp).
  [[nodiscard]] const State& state() const { return world_.state; }
  [[nodiscard]] const World& world() const { return world_; }
  [[nodiscard]] World& world() { return world_; }

 private:
  World world_;
};

}  // namespace tandemq
