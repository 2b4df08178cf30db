#include "replication/commit_point.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <random>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

using Phase = CommitPoint::Phase;
using Mode = ReplicationMode;

constexpr Lsn kBefore = 10;

// Local at written 40 and flushed 30; the standby at received 25, written 20, flushed 15.
struct Row {
  Mode mode;
  Phase phase;
  Lsn committed;
  bool needs_flush;
};

CommitPoint in_phase(Mode mode, Phase phase, bool relaxed = false) {
  CommitPoint point(mode, relaxed, kBefore);
  if (phase == Phase::solo) return point;
  point.admit(kBefore);
  if (phase == Phase::admitting) return point;
  point.standby({kBefore, kBefore, kBefore});
  point.pair();
  return point;
}

}  // namespace

TEST_CASE("a record is committed when the nodes have it that the mode and the phase ask") {
  for (const Row& row : std::initializer_list<Row>{{Mode::async, Phase::solo, 30, true},
                                                   {Mode::received, Phase::solo, 30, true},
                                                   {Mode::written, Phase::solo, 30, true},
                                                   {Mode::flushed, Phase::solo, 30, true},
                                                   {Mode::async, Phase::admitting, 30, true},
                                                   {Mode::received, Phase::admitting, 25, true},
                                                   {Mode::written, Phase::admitting, 20, true},
                                                   {Mode::flushed, Phase::admitting, 15, true},
                                                   {Mode::async, Phase::paired, 40, false},
                                                   {Mode::received, Phase::paired, 25, false},
                                                   {Mode::written, Phase::paired, 20, false},
                                                   {Mode::flushed, Phase::paired, 15, true}}) {
    INFO("mode ", static_cast<int>(row.mode), ", phase ", static_cast<int>(row.phase));
    CommitPoint point = in_phase(row.mode, row.phase);
    CHECK(point.phase() == row.phase);
    CHECK(point.committed() == kBefore);
    point.local(40, 30);
    point.standby({25, 20, 15});
    CHECK(point.committed() == row.committed);
    CHECK(point.needs_flush() == row.needs_flush);
  }
}

TEST_CASE("what the standby has and this node has not is not committed") {
  for (const Mode mode : {Mode::async, Mode::received, Mode::written, Mode::flushed}) {
    INFO("mode ", static_cast<int>(mode));
    CommitPoint point = in_phase(mode, Phase::paired);
    point.standby({90, 90, 90});
    CHECK(point.committed() == kBefore);
    point.local(20, 12);
    CHECK(point.committed() == (mode == Mode::flushed ? 12 : 20));
  }
}

TEST_CASE("alone and relaxed a record is committed when it is written, with a standby it is not") {
  CommitPoint point(Mode::flushed, true, kBefore);
  CHECK_FALSE(point.needs_flush());
  point.local(40, 30);
  CHECK(point.committed() == 40);
  point.admit(40);
  CHECK(point.needs_flush());
  point.local(50, 30);
  point.standby({50, 50, 50});
  CHECK(point.committed() == 40);
  point.local(50, 45);
  CHECK(point.committed() == 45);
}

TEST_CASE("what is committed stays so, whoever comes, goes or falls back") {
  for (const Mode mode : {Mode::async, Mode::received, Mode::written, Mode::flushed}) {
    INFO("mode ", static_cast<int>(mode));
    CommitPoint point(mode, false, kBefore);
    point.local(40, 40);
    REQUIRE(point.committed() == 40);
    point.admit(40);
    CHECK(point.committed() == 40);
    point.standby({20, 20, 20});
    CHECK(point.committed() == 40);
    point.standby({40, 40, 40});
    point.pair();
    point.standby({20, 20, 20});
    point.local(30, 20);
    CHECK(point.committed() == 40);
    point.remove();
    CHECK(point.committed() == 40);
  }
}

TEST_CASE("from its admission on nothing is committed without the standby") {
  CommitPoint point(Mode::written, false, kBefore);
  point.local(20, 20);
  point.admit(20);
  point.local(30, 30);
  CHECK(point.committed() == 20);
  point.standby({30, 25, 0});
  CHECK(point.committed() == 25);
}

TEST_CASE("what an earlier standby had does not count for one that is admitted") {
  CommitPoint point(Mode::written, false, kBefore);
  point.admit(kBefore);
  point.standby({90, 90, 90});
  point.remove();
  point.standby({95, 95, 95});  // Of nobody that is needed.
  point.admit(kBefore);
  CHECK_FALSE(point.has_barrier());
  point.local(80, 80);
  CHECK(point.committed() == kBefore);
}

TEST_CASE("a standby may be called in sync when it has what was the end at its admission") {
  const auto has_barrier_with = [](Mode mode, const Durable& progress) {
    CommitPoint point(mode, false, kBefore);
    point.admit(50);
    point.standby(progress);
    return point.has_barrier();
  };
  for (const Mode mode : {Mode::async, Mode::received, Mode::written}) {
    INFO("mode ", static_cast<int>(mode));
    CHECK(has_barrier_with(mode, {50, 50, 0}));
    CHECK_FALSE(has_barrier_with(mode, {60, 49, 49}));
  }
  CHECK(has_barrier_with(Mode::flushed, {50, 50, 50}));
  CHECK_FALSE(has_barrier_with(Mode::flushed, {60, 60, 49}));
}

TEST_CASE("there is a barrier between admission and pair only") {
  CommitPoint point(Mode::written, false, kBefore);
  point.standby({90, 90, 90});
  CHECK_FALSE(point.has_barrier());
  point.admit(20);
  point.standby({90, 90, 90});
  CHECK(point.has_barrier());
  point.pair();
  CHECK_FALSE(point.has_barrier());
  CHECK(point.phase() == Phase::paired);
}

TEST_CASE("without the standby a record waits for the disk of this node again") {
  CommitPoint point = in_phase(Mode::written, Phase::paired);
  point.local(40, 15);
  point.standby({30, 30, 30});
  CHECK(point.committed() == 30);
  point.remove();
  CHECK(point.phase() == Phase::solo);
  CHECK(point.needs_flush());
  CHECK(point.committed() == 30);
  point.local(40, 35);
  CHECK(point.committed() == 35);
}

TEST_CASE("how far the standby is as the mode asks") {
  const auto of_standby = [](Mode mode) {
    CommitPoint point(mode, false, kBefore);
    point.admit(kBefore);
    point.standby({30, 20, 15});
    return point.of_standby();
  };
  CHECK(of_standby(Mode::async) == UINT64_MAX);
  CHECK(of_standby(Mode::received) == 30);
  CHECK(of_standby(Mode::written) == 20);
  CHECK(of_standby(Mode::flushed) == 15);
}

TEST_CASE("a record is committed at a level when those have it that the level names") {
  struct LevelRow {
    Mode mode;
    Phase phase;
    Lsn local, written, flushed;
  };
  for (const LevelRow& row :
       std::initializer_list<LevelRow>{{Mode::async, Phase::solo, 30, 30, 30},
                                       {Mode::written, Phase::solo, 30, 30, 30},
                                       {Mode::flushed, Phase::solo, 30, 30, 30},
                                       {Mode::async, Phase::admitting, 30, 20, 15},
                                       {Mode::written, Phase::admitting, 30, 20, 15},
                                       {Mode::async, Phase::paired, 30, 20, 15},
                                       {Mode::received, Phase::paired, 30, 20, 15},
                                       {Mode::written, Phase::paired, 30, 20, 15},
                                       {Mode::flushed, Phase::paired, 30, 20, 15}}) {
    INFO("mode ", static_cast<int>(row.mode), ", phase ", static_cast<int>(row.phase));
    CommitPoint point = in_phase(row.mode, row.phase);
    point.local(40, 30);
    point.standby({25, 20, 15});
    CHECK(point.levels().at(CommitLevel::memory) == UINT64_MAX);
    CHECK(point.levels().at(CommitLevel::local) == row.local);
    CHECK(point.levels().at(CommitLevel::written) == row.written);
    CHECK(point.levels().at(CommitLevel::flushed) == row.flushed);
  }
}

TEST_CASE("what the standby has as the mode asks need not be on the disk of this node") {
  for (const Mode mode : {Mode::received, Mode::written, Mode::flushed}) {
    INFO("mode ", static_cast<int>(mode));
    CommitPoint point = in_phase(mode, Phase::paired);
    point.local(40, 12);
    point.standby({35, 20, 15});
    CHECK(point.levels().at(CommitLevel::local) == (mode == Mode::received ? 35 : 20));
  }
}

TEST_CASE("once the standby is lost, what it had is committed on the disk of this node only") {
  CommitPoint point = in_phase(Mode::written, Phase::paired);
  point.standby({35, 35, 35});
  point.local(20, 12);
  CHECK(point.committed() == 20);
  point.leave();
  point.local(40, 12);
  CHECK(point.committed() == 20);
  point.local(40, 30);
  CHECK(point.committed() == 30);
  SUBCASE("not what it lacks") {
    point.local(40, 40);
    CHECK(point.committed() == 35);
  }
  SUBCASE("and alone all that is there") {
    point.remove();
    point.local(40, 40);
    CHECK(point.committed() == 40);
  }
}

TEST_CASE("in async the bound of the lag holds for every level") {
  CommitPoint point = in_phase(Mode::async, Phase::paired);
  point.allow(35);
  point.local(40, 40);
  CHECK(point.committed() == 35);
  CHECK(point.levels().at(CommitLevel::local) == 35);
}

TEST_CASE("alone and relaxed the disk is what a level may still ask for") {
  CommitPoint point(Mode::written, true, kBefore);
  point.local(40, 30);
  CHECK(point.committed() == 40);
  CHECK(point.levels().at(CommitLevel::local) == 30);
  CHECK(point.levels().at(CommitLevel::flushed) == 30);
}

TEST_CASE("no level ever passes a lesser one, and none falls") {
  std::mt19937 random(7);
  const auto below = [&random](std::uint32_t bound) { return random() % bound; };
  for (int run = 0; run < 2'000; ++run) {
    const auto mode = static_cast<Mode>(below(4));
    CommitPoint point(mode, false, kBefore);
    Lsn end = kBefore;
    Durable standby{kBefore, kBefore, kBefore};
    Durable here = standby;
    Committed before = point.levels();
    for (int step = 0; step < 30; ++step) {
      end += below(4);
      here.written = std::min<Lsn>(end, here.written + below(4));
      here.flushed = std::min<Lsn>(here.written, here.flushed + below(4));
      standby.received = std::min<Lsn>(end, standby.received + below(4));
      standby.written = std::min<Lsn>(standby.received, standby.written + below(4));
      standby.flushed = std::min<Lsn>(standby.written, standby.flushed + below(4));
      point.local(here.written, here.flushed);
      if (mode == Mode::async) point.allow(std::min<Lsn>(end, standby.received + 5));
      if (below(8) == 0) point.admit(end);
      if (below(8) == 0 && point.phase() == Phase::admitting) point.pair();
      if (below(12) == 0) point.leave();
      if (below(12) == 0) point.remove();
      point.standby(standby);
      Lsn lesser = UINT64_MAX;
      for (std::size_t i = 0; i < kCommitLevels; ++i) {
        const auto level = static_cast<CommitLevel>(i);
        if (level == CommitLevel::async && mode != Mode::async) continue;
        REQUIRE(point.levels().at(level) <= lesser);
        REQUIRE(point.levels().at(level) >= before.at(level));
        lesser = point.levels().at(level);
      }
      before = point.levels();
    }
  }
}
