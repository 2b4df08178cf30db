#include "replication/term_history.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

// The term of each record, the first one's first.
using Log = std::vector<Term>;

Log log_of(std::initializer_list<std::pair<std::uint64_t, int>> terms_and_counts) {
  Log log;
  for (const auto& [term, count] : terms_and_counts)
    log.insert(log.end(), static_cast<std::size_t>(count), Term{term, term % 2});
  return log;
}

TermHistory history_of(const Log& log) {
  TermHistory history;
  for (std::size_t i = 0; i < log.size(); ++i)
    if (i == 0 || log[i] != log[i - 1]) history.push_back({log[i], i + 1});
  return history;
}

Position end_of(const Log& log) {
  return log.empty() ? Position{} : Position{log.back(), log.size(), 0};
}

Lsn fork_between(const Log& left, const Log& right) {
  const Lsn fork = fork_of(history_of(left), end_of(left), history_of(right), end_of(right));
  CHECK(fork == fork_of(history_of(right), end_of(right), history_of(left), end_of(left)));
  return fork;
}

Lsn common_prefix(const Log& left, const Log& right) {
  const auto differ = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  return static_cast<Lsn>(differ.first - left.begin());
}

}  // namespace

TEST_CASE("two logs fork where the nearer end of their largest common term is") {
  struct Row {
    Log left;
    Log right;
    Lsn fork;
  };
  const Row rows[] = {
      {{}, {}, 0},
      {log_of({{1, 5}}), {}, 0},
      {log_of({{1, 5}}), log_of({{1, 5}}), 5},
      {log_of({{1, 5}}), log_of({{1, 3}}), 3},
      {log_of({{1, 5}, {2, 4}}), log_of({{1, 5}}), 5},
      {log_of({{1, 5}, {2, 4}}), log_of({{1, 7}}), 5},
      {log_of({{1, 5}, {2, 4}}), log_of({{1, 4}}), 4},
      {log_of({{1, 5}, {2, 4}}), log_of({{1, 4}, {3, 9}}), 4},
      {log_of({{1, 5}, {2, 4}, {4, 2}}), log_of({{1, 5}, {2, 3}, {3, 9}}), 8},
      {log_of({{1, 5}, {4, 2}}), log_of({{1, 6}, {2, 3}, {3, 9}}), 5},
      {log_of({{1, 5}}), log_of({{2, 5}}), 0},
  };
  for (const Row& row : rows) CHECK(fork_between(row.left, row.right) == row.fork);
}

TEST_CASE("terms of one counter and different nodes are different terms") {
  const TermHistory ours{{{1, 7}, 1}, {{2, 7}, 11}};
  const TermHistory theirs{{{1, 7}, 1}, {{2, 8}, 9}};
  CHECK(fork_of(ours, {{2, 7}, 20, 0}, theirs, {{2, 8}, 30, 0}) == 8);
}

TEST_CASE("a log without a history is one term, from its first record to its end") {
  const TermHistory history{{{1, 7}, 1}, {{2, 7}, 11}};
  CHECK(fork_of({}, {{1, 7}, 15, 0}, history, {{2, 7}, 20, 0}) == 10);
  CHECK(fork_of(history, {{2, 7}, 20, 0}, {}, {{2, 7}, 18, 0}) == 18);
  CHECK(fork_of({}, {{1, 7}, 15, 0}, {}, {{1, 7}, 12, 0}) == 12);
  CHECK(fork_of({}, {{1, 7}, 15, 0}, {}, {}) == 0);
  CHECK(fork_of({}, {{1, 7}, 15, 0}, {}, {{1, 8}, 15, 0}) == 0);
}

TEST_CASE("a history that has forgotten its oldest terms still tells a fork in the newer ones") {
  const TermHistory ours{{{8, 1}, 801}, {{9, 1}, 901}};
  const TermHistory theirs{{{1, 1}, 1}, {{8, 1}, 801}, {{10, 1}, 850}};
  CHECK(fork_of(ours, {{9, 1}, 950, 0}, theirs, {{10, 1}, 990, 0}) == 849);
}

TEST_CASE("however leaders change, the fork is where the logs stop being equal") {
  std::mt19937 random(42);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  for (int run = 0; run < 300; ++run) {
    Log logs[2];
    for (std::uint64_t term = 1; term < 12; ++term) {
      const std::size_t leader = below(2);
      Log& ours = logs[leader];
      Log& theirs = logs[1 - leader];
      ours.insert(ours.end(), 1 + below(6), Term{term, leader});
      const Lsn fork = fork_between(ours, theirs);
      REQUIRE(fork == common_prefix(ours, theirs));
      if (below(2) == 0) continue;
      // It follows for a while: its tail is cut, and some of ours is taken.
      const std::size_t upto = fork + below(ours.size() - fork + 1);
      theirs.assign(ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(upto));
    }
  }
}

}  // namespace tandemq
