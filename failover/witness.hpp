// Witness: the third place that decides what two nodes cannot decide between them (I4, I5): one
// record, changed only by who names the revision that it read. Every read is linearizable. It knows
// no rule of the record, never throws and never blocks.
// Owned and called by the agent, on its thread; callbacks come on that thread too, each once, and
// never within read() or swap(). To stop is to destroy it, which a callback may do: those that
// still wait are dropped, and a swap that was sent may yet be done.
#pragma once

#include "failover/witness_record.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace tandemq {

// What stands there. A key that does not exist has no record and revision 0.
struct WitnessEntry {
  std::optional<WitnessRecord> record;
  std::uint64_t revision = 0;
  bool operator==(const WitnessEntry&) const = default;
};

// A read: that stands there. A swap: our record stands there.
struct WitnessDone {
  WitnessEntry entry;
};

// Our record does not stand there, but this one. Somebody else has written.
struct WitnessConflict {
  WitnessEntry entry;
};

// Nobody answered in time, or nothing that makes sense. A swap is then neither done nor not done,
// and it may still arrive later, even after a read that did not show it. What ends the doubt is the
// next swap that is done, or a record that is ours: it leaves the late one no revision to meet.
struct WitnessUnknown {
  std::string why;
  // Of what stands there and is no record, for the operator who replaces it; otherwise 0.
  std::uint64_t damaged_revision = 0;
};

using WitnessOutcome = std::variant<WitnessDone, WitnessConflict, WitnessUnknown>;

class Witness {
 public:
  using Callback = std::function<void(WitnessOutcome)>;

  virtual ~Witness() = default;
  // Done or unknown.
  virtual void read(Callback callback) = 0;
  // Writes `record` if the key stands at `expected_revision`; 0: if it does not exist.
  virtual void swap(std::uint64_t expected_revision, const WitnessRecord& record,
                    Callback callback) = 0;
};

}  // namespace tandemq
