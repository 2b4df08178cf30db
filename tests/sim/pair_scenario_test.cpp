// Every row of docs/FAILURES.md that the simulator can play, by its name, in each setting of its
// columns and over several seeds. With `-tc="row N:*"`, TANDEMQ_SIM_SETTING=name plays it in that
// one, TANDEMQ_SIM_SEEDS=n over so many seeds, TANDEMQ_SIM_SEED=n that one, and tells its story;
// TANDEMQ_SIM_FAULT=n with the deliberate fault of that number.
#include "tests/sim/pair_scenarios.hpp"
#include "tests/tidy/source.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq::sim;

namespace {

// Of a row that has one setting, and of each setting of another one.
constexpr std::uint64_t kSeeds = kIsSanitized ? 2 : 20;
constexpr std::uint64_t kSeedsOfMany = kIsSanitized ? 1 : 10;

std::string text_from(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? "" : text;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const std::string text = text_from(variable);
  return text.empty() ? otherwise : std::strtoull(text.c_str(), nullptr, 10);
}

std::vector<std::uint64_t> seeds_of(const PairScenario& scenario) {
  if (const auto wanted = number_from("TANDEMQ_SIM_SEED", 0)) return {wanted};
  std::vector<std::uint64_t> seeds;
  const std::uint64_t count = scenario.settings.size() == 1 ? kSeeds : kSeedsOfMany;
  for (std::uint64_t seed = 1; seed <= number_from("TANDEMQ_SIM_SEEDS", count); ++seed)
    seeds.push_back(seed);
  return seeds;
}

const PairScenario& scenario_of(int row) {
  const auto& all = pair_scenarios();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [row](const PairScenario& one) { return one.row == row; });
  REQUIRE(found != all.end());
  return *found;
}

void play(const PairScenario& scenario, Setting setting, std::uint64_t seed) {
  const auto fault = static_cast<PairFault>(number_from("TANDEMQ_SIM_FAULT", 0));
  std::ostream* const story = text_from("TANDEMQ_SIM_SEED").empty() ? nullptr : &std::cout;
  const PairOutcome outcome = PairStage(scenario, setting, seed, fault, story).play();
  for (const std::string& finding : outcome.findings)
    FAIL_CHECK("row ", scenario.row, ", ", name_of(setting), ", seed ", seed, ": ", finding,
               "; again: TANDEMQ_SIM_SETTING=", name_of(setting), " TANDEMQ_SIM_SEED=", seed,
               " build/release/unit_tests -tc='row ", scenario.row, ":*'");
}

void play(int row) {
  const PairScenario& scenario = scenario_of(row);
  const std::string only = text_from("TANDEMQ_SIM_SETTING");
  for (const Setting setting : scenario.settings)
    if (only.empty() || only == name_of(setting))
      for (const std::uint64_t seed : seeds_of(scenario)) play(scenario, setting, seed);
}

// A rule that is not kept, and the row that is about it.
struct Removed {
  PairFault rule;
  int row;
  Setting setting;
};
constexpr std::array kRemoved = {
    Removed{PairFault::alone_unnoted, 3, Setting::heartbeat},
    Removed{PairFault::notes_nothing, 5, Setting::heartbeat},
    Removed{PairFault::alone_unproven, 6, Setting::witness},
    Removed{PairFault::claims_cut_off, 6, Setting::gateway},
    Removed{PairFault::alone_cut_off, 8, Setting::gateway},
    Removed{PairFault::forgets_term_start, 6, Setting::heartbeat},
    Removed{PairFault::ignores_the_term, 15, Setting::heartbeat},
    Removed{PairFault::trims_too_early, 28, Setting::witness},
    Removed{PairFault::skips_a_row, 29, Setting::witness},
    Removed{PairFault::keeps_the_tail, 33, Setting::heartbeat},
};

bool is_noticed(const Removed& one) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    if (!PairStage(scenario_of(one.row), one.setting, seed, one.rule).play().findings.empty())
      return true;
  return false;
}

// The numbers of the rows of docs/FAILURES.md that are said to be held by a scenario.
std::vector<int> rows_said_to_be_played() {
  std::vector<int> rows;
  std::istringstream lines(tandemq::tidy::read_file("docs/FAILURES.md"));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("| ") && line.find("sim", line.rfind(" | ")) != std::string::npos)
      rows.push_back(std::atoi(line.c_str() + 2));
  return rows;
}

}  // namespace

TEST_CASE("row 1: the primary's process dies") {
  play(1);
}

TEST_CASE("row 2: the primary's host is lost") {
  play(2);
}

TEST_CASE("row 3: the standby dies and comes back") {
  play(3);
}

TEST_CASE("row 4: the standby reboots before the primary has noticed, then the primary dies") {
  play(4);
}

TEST_CASE("row 5: the replication path is cut, the second path is not") {
  play(5);
}

TEST_CASE("row 6: both paths are cut, both see the witness") {
  play(6);
}

TEST_CASE("row 7: one node is cut from the witness only") {
  play(7);
}

TEST_CASE("row 8: the primary is cut from all but its clients") {
  play(8);
}

TEST_CASE("row 9: a path is cut in one direction") {
  play(9);
}

TEST_CASE("row 10: the witness is down, then the primary dies") {
  play(10);
}

TEST_CASE("row 11: the witness is down, then the link is cut") {
  play(11);
}

TEST_CASE("row 12: the witness loses its data") {
  play(12);
}

TEST_CASE("row 13: the witness stalls for 2 s") {
  play(13);
}

TEST_CASE("row 14: going on alone races a claim") {
  play(14);
}

TEST_CASE("row 15: the primary's process hangs and goes on") {
  play(15);
}

TEST_CASE("row 16: the primary's host is paused and goes on") {
  play(16);
}

TEST_CASE("row 20: a disk is slow") {
  play(20);
}

TEST_CASE("row 24: both lose power, only the stale one comes back") {
  play(24);
}

TEST_CASE("row 25: both come back, in any order") {
  play(25);
}

TEST_CASE("row 26: a bit flips on the wire") {
  play(26);
}

TEST_CASE("row 28: the standby was away for longer than the log is held") {
  play(28);
}

TEST_CASE("row 29: either node dies in a full sync") {
  play(29);
}

TEST_CASE("row 30: the link flaps") {
  play(30);
}

TEST_CASE("row 31: the link is slow and loses a third") {
  play(31);
}

TEST_CASE("row 33: an old primary comes back with what it had alone") {
  play(33);
}

TEST_CASE("row 34: a switchover is aborted at any step") {
  play(34);
}

TEST_CASE("row 35: big frames are lost, small ones pass") {
  play(35);
}
// That is about the scripts, so no matter for a sanitizer.
TEST_CASE("a row fails when the rule that it is about is removed" * doctest::skip(kIsSanitized)) {
  for (const Removed& one : kRemoved) CHECK_MESSAGE(is_noticed(one), name_of(one.rule));
}

TEST_CASE("docs/FAILURES.md names the rows that the simulator plays, and no other") {
  const std::string matrix = tandemq::tidy::read_file("docs/FAILURES.md");
  const std::string tests = tandemq::tidy::read_file("tests/sim/pair_scenario_test.cpp");
  std::vector<int> rows;
  for (const PairScenario& scenario : pair_scenarios()) {
    const std::string row = std::to_string(scenario.row);
    const std::string title(scenario.title);
    CHECK_MESSAGE(matrix.find("| " + row + " | " + title + " |") != std::string::npos, title);
    CHECK_MESSAGE(tests.find("TEST_CASE(\"row " + row + ": " + title + "\")") != std::string::npos,
                  title);
    rows.push_back(scenario.row);
  }
  CHECK(rows == rows_said_to_be_played());
}
