// Two nodes, over many seeds. TANDEMQ_SIM_SEEDS=n runs so many, TANDEMQ_SIM_SEED=n that one, and
// tells its story; TANDEMQ_SIM_FAULT=n with it, with the deliberate fault of that number.
#include "tests/sim/pair_simulation.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using namespace tandemq::sim;

namespace {

constexpr std::uint64_t kSeeds = kIsSanitized ? 200 : 2'000;

constexpr std::uint64_t kFaultSeeds = 2'000;  // The rarest fault needs some hundreds.

// As in power_loss_test.cpp: seeds that have failed once, each with what was wrong.
struct Regression {
  std::uint64_t seed;
  std::string_view what;
};
constexpr std::array kRegressions = {
    Regression{221, "a primary went on alone before what its standby had was on its own disk"},
    Regression{2319, "the same"},
    Regression{8539, "a primary let out what its standby had after it was listed alone, unflushed"},
    Regression{13550, "the same"},
    Regression{1704, "a standby went on claiming after it had greeted its restarted peer"},
    Regression{1121, "a primary that was demoted without a network let out what it had alone"},
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void check(std::uint64_t seed, const PairOutcome& outcome) {
  for (const std::string& finding : outcome.findings)
    FAIL_CHECK("TANDEMQ_SIM_SEED=", seed, ", step ", outcome.step, ": ", finding);
}

// How many seeds it takes until the fault is noticed, and by what; 0: too many.
std::uint64_t seeds_until_found(PairFault fault, std::string& finding) {
  for (std::uint64_t seed = 1; seed <= kFaultSeeds; ++seed) {
    const PairOutcome outcome = PairSimulation(seed, fault).run();
    if (outcome.findings.empty()) continue;
    finding = outcome.findings.front();
    return seed;
  }
  return 0;
}

}  // namespace

TEST_CASE("a pair keeps what it acknowledged, whatever fails, and comes together again") {
  const std::uint64_t wanted = number_from("TANDEMQ_SIM_SEED", 0);
  if (wanted != 0) {
    const auto fault = static_cast<PairFault>(number_from("TANDEMQ_SIM_FAULT", 0));
    return check(wanted, PairSimulation(wanted, fault, &std::cout).run());
  }
  for (const Regression& regression : kRegressions) {
    INFO(regression.what);
    check(regression.seed, PairSimulation(regression.seed).run());
  }
  PairOutcome sum;
  const std::uint64_t seeds = number_from("TANDEMQ_SIM_SEEDS", kSeeds);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const PairOutcome outcome = PairSimulation(seed).run();
    check(seed, outcome);
    sum.messages += outcome.messages;
    sum.records += outcome.records;
    sum.crashes += outcome.crashes;
    sum.images += outcome.images;
    sum.stalemates += outcome.stalemates;
    sum.counts.leads += outcome.counts.leads;
    sum.counts.moves += outcome.counts.moves;
    sum.counts.cuts += outcome.counts.cuts;
    sum.counts.exports += outcome.counts.exports;
    sum.counts.losses += outcome.counts.losses;
  }
  // A run in which nothing happens proves nothing.
  CHECK(sum.messages > 20 * seeds);
  CHECK(sum.crashes > 2 * static_cast<int>(seeds));
  CHECK(sum.counts.leads > 2 * static_cast<int>(seeds));
  CHECK(sum.counts.moves > static_cast<int>(seeds / 10));
  CHECK(sum.images > static_cast<int>(seeds / 5));
  CHECK(sum.counts.cuts > static_cast<int>(seeds / 10));
  MESSAGE(seeds, " seeds: ", sum.messages, " messages, ", sum.records, " records, ", sum.crashes,
          " crashes, ", sum.counts.leads, " terms, ", sum.counts.moves, " switchovers, ",
          sum.images, " full syncs, ", sum.counts.cuts, " tails cut, ", sum.counts.exports,
          " exported, ", sum.counts.losses, " permitted losses, ", sum.stalemates,
          " times nobody could lead without force");
}

// That is about the judge, so no matter for a sanitizer.
TEST_CASE("each deliberate fault of a pair is noticed" * doctest::skip(kIsSanitized)) {
  if (number_from("TANDEMQ_SIM_SEED", 0) != 0) return;
  for (std::size_t i = 1; i < static_cast<std::size_t>(PairFault::count); ++i) {
    const auto fault = static_cast<PairFault>(i);
    std::string finding;
    const std::uint64_t seeds = seeds_until_found(fault, finding);
    CHECK_MESSAGE(seeds > 0, name_of(fault));
    MESSAGE(name_of(fault), ": seed ", seeds, ": ", finding);
  }
}
