// Rows about hosts, processes and disks.
#include "tests/sim/pair_scenarios.hpp"

#include <algorithm>
#include <iterator>

namespace tandemq::sim {
namespace {

// The lost one's standby leads: the policy's word is the operator's where nobody else has one.
void replace(PairStage& stage, std::uint32_t automatic_ms) {
  // A fence takes its time, and may fail once or twice.
  const std::uint32_t fence_ms = stage.is(Setting::fence) ? 1'500 : 0;
  if (!stage.is(Setting::manual)) {
    stage.leads_within(kB, automatic_ms + fence_ms);
  } else {
    stage.nobody_leads_for(3'000);
    stage.promote(kB);
    stage.leads_within(kB, 200);
  }
  stage.acknowledges_within(3'000);
  stage.leads_in_the_end(kB);
}

void row_1(PairStage& stage) {
  stage.crash(kA);
  stage.never_leads(kA);
  replace(stage, 700);
  stage.pass(stage.below(1'500));
  stage.start(kA);
  stage.in_sync_within(6'000);
}

void row_2(PairStage& stage) {
  stage.lose_power(kA);
  stage.never_leads(kA);
  // Nobody knows yet.
  if (!stage.is(Setting::manual)) stage.nobody_leads_for(stage.is(Setting::witness) ? 600 : 350);
  replace(stage, 1'000);
  stage.pass(stage.below(1'500));
  stage.start(kA);
  stage.in_sync_within(6'000);
}

// Its process, or the host, from which nothing comes: then it is waited for.
void row_3(PairStage& stage) {
  const bool host = stage.once_in(2);
  stage.never_leads(kB);
  host ? stage.lose_power(kB) : stage.crash(kB);
  const std::uint32_t fence_ms = stage.is(Setting::fence) ? 1'500 : 0;
  stage.within((host ? 2'500 : 500) + fence_ms, "it is known that the standby is lost",
               [&] { return stage.parts().world.insync.size() == 1; });
  stage.acknowledges_within(1'500);
  stage.keeps_leading(kA, 500 + stage.below(2'000));
  stage.start(kB);
  stage.in_sync_within(6'000);
  stage.keeps_leading(kA, 200);
}

// What it had taken, and not forced to its disk, may be gone with its power.
void row_4(PairStage& stage) {
  stage.lose_power(kB);
  stage.keeps_leading(kA, 100 + stage.below(1'000));
  stage.check(stage.parts().world.insync.size() == 2, "nobody has noticed");
  stage.start(kB);
  stage.crash(kA);
  stage.nobody_leads_for(4'000);
  if (stage.once_in(3)) {
    stage.promote(kB, true);
    stage.leads_within(kB, 500);
    return stage.leads_in_the_end(kB);
  }
  stage.start(kA);  // Then they know who has all, which may be both.
  stage.one_leads_within(2'000);
}

// The primary writes what does not reach its standby any more.
void cut_off_a_tail(PairStage& stage) {
  stage.acknowledges_within(5'000);  // So somebody publishes.
  stage.cut_both();
  stage.within(450, "the primary has what its standby has not", [&] {
    return stage.parts().nodes[kA].disk().flushed > stage.parts().nodes[kB].end().lsn;
  });
}

// Until then the standby leads, or nobody does.
void expect_no_primary(PairStage& stage, std::uint32_t ms) {
  if (stage.is(Setting::manual)) {
    stage.never_leads(kB);
    return stage.nobody_leads_for(ms);
  }
  const Instant until = stage.parts().world.now.plus_ms(ms);
  replace(stage, 1'700);
  stage.pass(static_cast<std::uint32_t>(until.ms - stage.parts().world.now.ms));
}

void expect_awakening(PairStage& stage) {
  if (stage.has_ended(kA)) return;  // It was fenced.
  stage.may_overlap(stage.is(Setting::witness) ? 100 : 500);
  stage.go_on(kA);
  if (stage.is(Setting::manual)) return stage.leads_within(kA, 500);
  stage.within(1'000, "the old primary leads no more", [&] { return !stage.leads(kA); });
  stage.never_leads(kA);
  stage.in_sync_within(6'000);
}

void row_15(PairStage& stage) {
  stage.hang(kA);
  expect_no_primary(stage, 5'000);
  expect_awakening(stage);
}

// With it goes the network; the last that it wrote is here alone.
void row_16(PairStage& stage) {
  cut_off_a_tail(stage);
  stage.hang(kA);
  expect_no_primary(stage, 10'000);
  stage.heal();
  expect_awakening(stage);
}

void row_20(PairStage& stage) {
  const NodeIndex node = stage.below(2);
  stage.never_leads(kB);
  stage.slow_disk(node, node == kA ? 300 : 20'000);
  stage.keeps_leading(kA, 2'600);
  if (node == kB) stage.acknowledges_within(2'000);
  stage.keeps_leading(kA, stage.below(2'000));
}

// B was left behind; A goes on alone, and then both are gone.
void row_24(PairStage& stage) {
  stage.never_leads(kB);
  stage.lose_power(kB);
  stage.within(4'500, "A goes on alone", [&] { return stage.parts().world.insync.size() == 1; });
  stage.acknowledges_within(2'000);
  stage.pass(stage.below(1'000));
  stage.lose_power(kA);
  stage.start(kB);
  stage.nobody_leads_for(4'000);
  stage.start(kA);
  stage.leads_within(kA, 1'500);
}

void row_25(PairStage& stage) {
  const bool alone = stage.once_in(2);
  if (alone) {
    stage.never_leads(kB);
    stage.crash(kB);
    stage.within(2'000, "A goes on alone", [&] { return stage.parts().world.insync.size() == 1; });
    stage.acknowledges_within(2'000);
  }
  stage.lose_power(kA);
  stage.lose_power(kB);
  stage.pass(stage.below(500));
  const NodeIndex first = stage.below(2);
  stage.start(first);
  stage.pass(stage.below(3'000));
  stage.start(other(first));
  stage.one_leads_within(3'000);
}

// Otherwise a tail may be gone with the power of both.
void flush(PairPlan& pair) {
  pair.plan.config.replication.mode = ReplicationMode::flushed;
}

void flush_and_write_often(PairPlan& pair) {
  flush(pair);
  pair.plan.step_ms = 30;
}

void write_only(PairPlan& pair) {
  pair.plan.config.replication.mode = ReplicationMode::written;
}

void trim_soon(PairPlan& pair) {
  pair.plan.config.replication.log_bytes_max = 500;
  pair.plan.config.store.log_bytes_max = 500;
}

void trim_soon_and_send_slowly(PairPlan& pair) {
  trim_soon(pair);
  pair.plan.config.replication.image_bytes_per_s = 10'000;
}

void leave_behind(PairStage& stage) {
  stage.crash(kB);
  const Lsn end = stage.parts().nodes[kA].end().lsn;
  stage.within(20'000, "the log is trimmed beyond what the standby has",
               [&] { return stage.parts().nodes[kA].store().first_lsn() > end + 1; });
}

void row_28(PairStage& stage) {
  stage.never_leads(kB);
  leave_behind(stage);
  stage.start(kB);
  stage.in_sync_within(20'000);
  stage.keeps_leading(kA, 100);
  stage.check(stage.parts().nodes[kB].images() > 0, "the standby got a full sync");
}

void row_29(PairStage& stage) {
  stage.never_leads(kB);
  leave_behind(stage);
  stage.start(kB);
  for (std::uint32_t times = 1 + stage.below(3); times > 0; --times) {
    if (stage.parts().nodes[kB].images() > 0) break;
    stage.within(10'000, "a full sync is under way",
                 [&] { return stage.parts().nodes[kB].takes_image(); });
    stage.pass(stage.below(400));
    if (!stage.parts().nodes[kB].takes_image()) break;  // It has all of it.
    const NodeIndex victim = stage.below(2);
    stage.once_in(2) ? stage.crash(victim) : stage.lose_power(victim);
    if (victim == kA) stage.nobody_leads_for(1'000);
    stage.start(victim);
    if (victim == kA) stage.leads_within(kA, 2'000);
  }
  stage.in_sync_within(30'000);
}

void row_33(PairStage& stage) {
  cut_off_a_tail(stage);
  stage.lose_power(kA);
  stage.heal();
  replace(stage, 1'700);
  stage.start(kA);
  stage.never_leads(kA);
  stage.in_sync_within(6'000);
  stage.check(stage.counts().exports > 0, "what the old primary had alone is exported");
}

void row_34(PairStage& stage) {
  stage.switch_over();
  stage.pass(stage.below(100));
  const NodeIndex victim = stage.below(2);
  switch (stage.below(stage.is(Setting::witness) ? 5 : 3)) {
    case 0:
      stage.crash(victim);
      break;
    case 1:
      stage.lose_power(victim);
      break;
    case 2:
      stage.end_connections();
      break;
    case 3:
      stage.cut_witness(victim);
      break;
    default:
      stage.stall_witness(true);
  }
  stage.pass(500 + stage.below(1'000));
  stage.heal();
  for (const NodeIndex node : {kA, kB})
    if (stage.has_ended(node)) stage.start(node);
  stage.one_leads_within(6'000);
  stage.in_sync_within(10'000);
}

}  // namespace

std::vector<PairScenario> scenarios_of_hosts() {
  return {
      {1, "the primary's process dies", kEvery, row_1},
      {2, "the primary's host is lost", kEvery, row_2},
      {3, "the standby dies and comes back", kEvery, row_3},
      {4, "the standby reboots before the primary has noticed, then the primary dies", kEvery,
       row_4, write_only},
      {15, "the primary's process hangs and goes on", kEvery, row_15},
      {16, "the primary's host is paused and goes on", kEvery, row_16, flush_and_write_often},
      {20, "a disk is slow", kEvery, row_20},
      {24, "both lose power, only the stale one comes back", kEvery, row_24, flush},
      {25, "both come back, in any order", kEvery, row_25, flush},
      {28, "the standby was away for longer than the log is held", kEvery, row_28, trim_soon},
      {29, "either node dies in a full sync", kEvery, row_29, trim_soon_and_send_slowly},
      {33, "an old primary comes back with what it had alone", kEvery, row_33,
       flush_and_write_often},
      {34, "a switchover is aborted at any step", kEvery, row_34, flush},
  };
}

const std::vector<PairScenario>& pair_scenarios() {
  static const std::vector<PairScenario> kScenarios = [] {
    std::vector<PairScenario> all = scenarios_of_hosts();
    std::vector<PairScenario> more = scenarios_of_paths();
    std::move(more.begin(), more.end(), std::back_inserter(all));
    std::sort(all.begin(), all.end(),
              [](const PairScenario& one, const PairScenario& two) { return one.row < two.row; });
    return all;
  }();
  return kScenarios;
}

}  // namespace tandemq::sim
