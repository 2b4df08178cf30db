// Power loss, over many seeds. TANDEMQ_SIM_SEEDS=n runs so many; TANDEMQ_SIM_SEED=n runs that one
// and tells its story.
#include "tests/sim/simulation.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using namespace tandemq::sim;

namespace {

// About eight seconds, and no more under a sanitizer.
constexpr std::uint64_t kSeeds = kIsSanitized ? 300 : 3'000;

// Seeds that have failed once, each with what was wrong. They hold as long as the plans do: whoever
// changes how a plan is drawn shows with the old bug that the seed still finds it, or drops it.
struct Regression {
  std::uint64_t seed;
  std::string_view what;
};
constexpr std::array kRegressions = {
    Regression{1, "a retained message whose body left memory while the tables were loaded"},
    Regression{263, "an output overtook one that waited for the record of a later batch"},
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void check(std::uint64_t seed, const Outcome& outcome) {
  for (const std::string& finding : outcome.findings)
    FAIL_CHECK("TANDEMQ_SIM_SEED=", seed, ", step ", outcome.step, ": ", finding);
}

// How many seeds it takes until the wrong writer is caught with such a finding; 0: too many.
std::uint64_t seeds_until_found(Fault fault, std::string_view head) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Outcome outcome = Simulation(seed, fault).run();
    const bool found =
        std::any_of(outcome.findings.begin(), outcome.findings.end(),
                    [&](const std::string& finding) { return finding.starts_with(head); });
    if (found) return seed;
  }
  return 0;
}

}  // namespace

TEST_CASE("what was acknowledged survives the loss of power, whenever it comes") {
  const std::uint64_t wanted = number_from("TANDEMQ_SIM_SEED", 0);
  if (wanted != 0) return check(wanted, Simulation(wanted, Fault::none, &std::cout).run());
  for (const Regression& regression : kRegressions) {
    INFO(regression.what);
    check(regression.seed, Simulation(regression.seed).run());
  }
  Outcome sum;
  const std::uint64_t seeds = number_from("TANDEMQ_SIM_SEEDS", kSeeds);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Outcome outcome = Simulation(seed).run();
    check(seed, outcome);
    sum.power_losses += outcome.power_losses;
    sum.messages += outcome.messages;
    sum.records += outcome.records;
    sum.trimmed += outcome.trimmed;
    sum.rows += outcome.rows;
    sum.bodies_read += outcome.bodies_read;
  }
  // A run in which nothing happens proves nothing.
  CHECK(sum.power_losses > 2 * static_cast<int>(seeds));
  CHECK(sum.rows > seeds);
  CHECK(sum.trimmed > seeds);
  CHECK(sum.bodies_read > seeds / 10);
  MESSAGE(seeds, " seeds: ", sum.power_losses, " power losses, ", sum.messages, " messages, ",
          sum.records, " records, ", sum.trimmed, " trimmed, ", sum.rows, " rows recovered, ",
          sum.bodies_read, " bodies read back");
}

TEST_CASE("a writer that says committed before it has synced is caught") {
  CHECK(seeds_until_found(Fault::commits_before_sync, "committed was") > 0);
  CHECK(seeds_until_found(Fault::commits_before_sync, "lost: ") > 0);
  CHECK(seeds_until_found(Fault::commits_before_sync, "twice: ") > 0);
}

TEST_CASE("tables that run ahead of the log are caught") {
  CHECK(seeds_until_found(Fault::tables_before_log, "the tables stand at") > 0);
}

TEST_CASE("a writer that trims what the tables do not hold is caught") {
  CHECK(seeds_until_found(Fault::trims_too_much, "recovery: ") > 0);
}

TEST_CASE("tables that lack a row are caught") {
  CHECK(seeds_until_found(Fault::loses_a_row, "recover") > 0);
}
