// Replica: a second State that lives on the records of a primary alone, as a standby or a recovery
// does. It opens each record in its place and applies it, and says where it differs.
// Used by the tests and fuzzers of the floors from broker upwards; fails nothing by itself.
#pragma once

#include "journal/record.hpp"
#include "session/state.hpp"

#include <string>
#include <vector>

namespace tandemq {

class Replica {
 public:
  void take(const Record& record);
  // Sentences; empty if this State is whole and the same as the other one.
  [[nodiscard]] std::vector<std::string> differences(const State& other) const;

  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] const Position& position() const { return position_; }

 private:
  State state_;
  Position position_;
  std::vector<std::string> errors_;
};

}  // namespace tandemq
