// Simulation: one run. A Primary over a MemoryStore, a slow writer, a network and clients, in one
// thread and virtual time; the power fails at random moments, and whatever was not forced to the
// disk may be gone. All of it follows from the seed.
#pragma once

#include "core/primary.hpp"
#include "recovery/recover.hpp"
#include "store/memory_store.hpp"
#include "tests/core/replica.hpp"
#include "tests/sim/client.hpp"
#include "tests/sim/front.hpp"
#include "tests/sim/ledger.hpp"
#include "tests/sim/luck.hpp"
#include "tests/sim/plan.hpp"
#include "tests/sim/slow_reader.hpp"
#include "tests/sim/slow_writer.hpp"

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace tandemq::sim {

struct Outcome {
  std::vector<std::string> findings;  // Empty if every promise was kept.
  int step = 0;                       // Where the first one came up.
  int power_losses = 0;
  std::size_t messages = 0;
  Lsn records = 0;
  Lsn trimmed = 0;
  std::uint64_t rows = 0;  // That recoveries began with.
  std::uint64_t bodies_read = 0;
};

class Simulation {
 public:
  // `story`: told everything if it is not null.
  explicit Simulation(std::uint64_t seed, Fault fault = Fault::none, std::ostream* story = nullptr);

  Outcome run();

 private:
  void start();  // A process begins, with what the store holds.
  void adopt(const Recovery& recovery);
  void compare(const Recovery& recovery);
  void lose_power();
  void may_lose_power();
  void draw_next_loss();

  void step();
  void settle();
  [[nodiscard]] bool is_quiet() const;
  void advance(Instant until);
  void run_writer();
  void run_reader();
  void finish_batch();

  void drain(SimClient& client, std::size_t count);
  // A wrong writer may go on, so that all that it does comes to light.
  [[nodiscard]] bool found() const {
    return broken_ || (fault_ == Fault::none && !ledger_.findings().empty());
  }

  Luck luck_;
  const Plan plan_;
  const Fault fault_;
  std::ostream* const story_;
  std::shared_ptr<const Access> access_;
  Ledger ledger_;
  std::vector<SimClient> clients_;
  Instant now_{1'700'000'000'000};
  Outcome outcome_;

  // What survives the power.
  MemoryStore store_;
  std::vector<Record> records_;  // As sealed, by lsn - 1.
  Replica replica_;              // Fed with them up to the last recovery.
  Lsn told_ = 0;                 // The core was told that it is committed.
  Term term_{0, 1};

  // A process.
  std::unique_ptr<State> state_;
  std::unique_ptr<Primary> primary_;
  std::optional<SlowWriter> writer_;
  std::optional<SlowReader> reader_;
  std::optional<Front> front_;
  std::uint32_t events_to_loss_ = 0;
  bool power_is_sure_ = false;  // While all comes to rest.
  bool broken_ = false;         // The recovery is not worth going on with.
};

}  // namespace tandemq::sim
