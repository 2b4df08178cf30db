// StandbyLab: a Standby with the log of its primary, moved by hand. It has that log up to record 3
// of 6, its tables at 2. The primary's term is the one that begins with record 5.
#pragma once

#include "core/standby.hpp"
#include "tests/replication/sample_log.hpp"

#include <memory>
#include <variant>
#include <vector>

namespace tandemq::tests {

template <class Kind>
std::vector<Kind> demands_of(const std::vector<Demand>& demands) {
  std::vector<Kind> found;
  for (const Demand& demand : demands)
    if (const auto* one = std::get_if<Kind>(&demand)) found.push_back(*one);
  return found;
}

class StandbyLab {
 public:
  explicit StandbyLab(ReplicationMode mode = ReplicationMode::written);

  Hello connect() { return standby->connected(Hello{}, now); }
  void take(Frame frame);
  [[nodiscard]] Welcome welcome(Welcome::Way way, Lsn lsn) const;
  // Connects and is streamed to.
  void follow();
  // As the writer: all that has come is written and flushed.
  void write();
  std::vector<Durable> answers() { return frames_of<Durable>(standby->take_frames()); }
  // The only demand is a HangUp.
  HangUp hang_up();

  SampleLog log;
  State state;
  Config config;
  Instant now{1'000'000};
  std::unique_ptr<Standby> standby;
};

}  // namespace tandemq::tests
