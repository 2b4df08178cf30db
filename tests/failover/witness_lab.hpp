// Two nodes that speak with a witness in memory.
#pragma once

#include "failover/memory_witness.hpp"
#include "failover/witness_dialogue.hpp"

#include <cstdint>
#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace tandemq::tests {

using failover::WitnessDialogue;

// A node, its dialogue, and its way to the witness.
struct Speaker {
  Speaker(MemoryWitness& witness, const std::string& name, std::uint64_t incarnation)
      : way(witness.connect(name)),
        dialogue({name, incarnation, "boot " + name}, ReplicationMode::written) {}

  // Asks what is due; true: there was something.
  bool ask(Instant now) {
    const auto request = dialogue.due(now);
    if (!request) return false;
    swapped = request->expects.has_value();
    const auto done = [this, now](const WitnessOutcome& outcome) { dialogue.take(outcome, now); };
    if (request->expects) {
      way->swap(*request->expects, request->record, done);
    } else {
      way->read(done);
    }
    return true;
  }

  std::unique_ptr<Witness> way;
  WitnessDialogue dialogue;
  bool swapped = false;  // The last question.
};

struct WitnessLab {
  // Until nobody has anything to ask at this moment.
  void talk(Speaker& speaker) {
    for (int i = 0; i < 10 && speaker.ask(now); ++i) witness.deliver();
  }
  void pass(std::int64_t ms) { now = now.plus_ms(ms); }
  // The node `a` leads in term 1, with `b` in sync.
  void make_pair() {
    a.dialogue.establish(first_record(a.dialogue.us(), Term{}, ReplicationMode::written));
    talk(a);
    a.dialogue.claim({Term{1, 1}});
    talk(a);
    a.dialogue.hold();
    a.dialogue.admit(b.dialogue.us());
    talk(a);
    REQUIRE(a.dialogue.verdict() == WitnessDialogue::Verdict::done);
    pass(1'000);
    talk(b);
  }
  [[nodiscard]] const WitnessRecord& record() const { return *witness.entry().record; }

  MemoryWitness witness;
  Instant now{1'000'000};
  Speaker a{witness, "a", 1};
  Speaker b{witness, "b", 2};
};

}  // namespace tandemq::tests
