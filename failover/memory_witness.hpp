// MemoryWitness: a witness in memory, for tests and the simulator, with the faults that a real one
// has. Nothing happens by itself: a request arrives when the caller says so, and so does its
// answer. Owned by who tests; it outlives what connect() gave. One thread.
#pragma once

#include "failover/witness.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>

namespace tandemq {

class MemoryWitness {
 public:
  // The way of a node to it. What was sent when it goes arrives all the same, and answers nobody.
  std::unique_ptr<Witness> connect(const std::string& node);

  // Each on its way there, then each on its way back; answers may ask anew, that stays for the next
  // time.
  void deliver();
  void deliver(const std::string& node);
  // The two halves of it, for one node.
  void arrive(const std::string& node);
  void answer(const std::string& node);
  // The node waits no longer: all it waits for is unknown, and what has not arrived still may.
  void time_out(const std::string& node);

  // What an unreachable node asks never arrives, and its answers are lost: both are unknown. What
  // it sent before arrives.
  void set_reachable(const std::string& node, bool reachable);
  // Stops working, as if it had no majority: nothing arrives until it goes on.
  void set_stalled(bool stalled) { stalled_ = stalled; }
  // As if set up anew: no key, and revisions that begin again.
  void lose_data();

  [[nodiscard]] const WitnessEntry& entry() const { return entry_; }

 private:
  class Port;

  struct Request {
    std::uint64_t number = 0;
    std::uint64_t port = 0;
    std::string node;
    bool lost = false;                     // It never arrives.
    std::optional<std::uint64_t> expects;  // Nothing: a read.
    WitnessRecord record;
    Witness::Callback callback;             // Null: nobody waits any more.
    std::optional<WitnessOutcome> outcome;  // Nothing: it has not arrived.
  };

  void send(Request request);
  void forget(std::uint64_t port);
  void clean();
  WitnessOutcome carry_out(const Request& request);

  WitnessEntry entry_;
  std::uint64_t revision_ = 0;
  std::uint64_t ports_ = 0;  // So many there were.
  std::uint64_t sent_ = 0;
  std::deque<Request> requests_;
  std::set<std::string> unreachable_;
  bool stalled_ = false;
};

}  // namespace tandemq
