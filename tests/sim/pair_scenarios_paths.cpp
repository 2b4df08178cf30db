// Rows about the paths between the nodes, and the witness.
#include "tests/sim/pair_scenarios.hpp"

namespace tandemq::sim {
namespace {

// The second path brings word, or the witness: nobody waits in vain, and nobody is fenced.
void expect_primary_alone(PairStage& stage) {
  stage.never_leads(kB);
  stage.never("a node was fenced", [&] { return stage.has_ended(kA) || stage.has_ended(kB); });
  stage.within(2'500, "the primary goes on alone",
               [&] { return stage.parts().world.insync.size() == 1; });
  stage.acknowledges_within(3'000);
  stage.keeps_leading(kA, 1'000 + stage.below(3'000));
}

// Both live, and each is silent to the other one.
void expect_partition(PairStage& stage) {
  if (stage.is(Setting::witness) || stage.is(Setting::manual)) return expect_primary_alone(stage);
  if (stage.is(Setting::fence)) {
    stage.within(4'000, "one of them is ended",
                 [&] { return stage.has_ended(kA) || stage.has_ended(kB); });
    stage.one_leads_within(1'000);
    return stage.pass(stage.below(2'000));
  }
  stage.may_both_lead();
  stage.leads_within(kB, 900);
  stage.keeps_leading(kB, 3'000);
  stage.check(stage.leads(kA), "both lead");
  stage.acknowledges_within(3'000);
  stage.heal();
  stage.leads_in_the_end(kB);
  stage.within(3'000, "the newer term wins", [&] { return stage.leads(kB) && !stage.leads(kA); });
  stage.in_sync_within(6'000);
  stage.check(stage.counts().exports > 0, "what the other one acknowledged alone is exported");
}

void row_5(PairStage& stage) {
  stage.cut_link();
  expect_primary_alone(stage);
  if (!stage.is(Setting::witness))
    stage.check(stage.parts().nodes[kB].file().outdated, "the standby knows that it is outdated");
  stage.heal();
  stage.in_sync_within(6'000);
  stage.keeps_leading(kA, 100);
}

// A gateway is no witness: it tells only who has no network at all.
void row_6(PairStage& stage) {
  const bool has_none = stage.is(Setting::gateway) && stage.once_in(2);
  stage.cut_both();
  if (has_none) stage.cut_gateways(kB);
  has_none ? expect_primary_alone(stage) : expect_partition(stage);
}

void row_7(PairStage& stage) {
  const NodeIndex node = stage.below(2);
  const int terms = stage.counts().leads;
  stage.cut_witness(node);
  stage.never("the standby is lost", [&] { return !stage.are_in_sync(); });
  stage.keeps_leading(kA, 3'000 + stage.below(3'000));
  stage.acknowledges_within(3'000);
  stage.check(stage.counts().leads == terms, "no term has begun");
  stage.heal();
  stage.keeps_leading(kA, 500);
}

void row_8(PairStage& stage) {
  stage.cut_off(kA);
  if (stage.is(Setting::manual)) {
    stage.never_leads(kB);
    stage.keeps_leading(kA, 3'000);
    return stage.acknowledges_within(3'000);
  }
  if (stage.is(Setting::heartbeat)) return expect_partition(stage);
  if (stage.is(Setting::gateway)) stage.may_overlap(150);
  if (!stage.is(Setting::fence))
    stage.within(900, "the primary stops", [&] { return !stage.leads(kA); });
  stage.leads_within(kB, stage.is(Setting::fence) ? 2'500 : 1'500);
  stage.acknowledges_within(3'000);
  stage.leads_in_the_end(kB);
  stage.never_leads(kA);
  stage.keeps_leading(kB, stage.below(2'000));
  stage.heal();
  if (stage.has_ended(kA)) stage.start(kA);
  stage.in_sync_within(6'000);
}

// Whoever still hears the other one does not take over.
void row_9(PairStage& stage) {
  const bool second_too = stage.once_in(2);
  const NodeIndex deaf = stage.below(2);
  stage.cut_towards(deaf, second_too);
  const bool asks = stage.is(Setting::witness) || stage.is(Setting::manual);
  if (stage.is(Setting::fence) && second_too) return expect_partition(stage);
  if (!second_too || deaf == kA || asks) return expect_primary_alone(stage);
  // It takes over, and the primary hears of that.
  stage.may_overlap(150);
  stage.leads_within(kB, 900);
  stage.leads_in_the_end(kB);
  stage.within(150, "the primary stops", [&] { return !stage.leads(kA); });
  stage.never_leads(kA);
  stage.keeps_leading(kB, stage.below(2'000));
  stage.acknowledges_within(3'000);
}

void row_10(PairStage& stage) {
  stage.stall_witness(true);
  stage.keeps_leading(kA, 2'000 + stage.below(2'000));
  stage.acknowledges_within(500);
  const bool returns = stage.once_in(2);
  stage.crash(kA);
  stage.nobody_leads_for(4'000);
  if (returns) {
    stage.start(kA);
    stage.nobody_leads_for(3'000);
  }
  stage.stall_witness(false);
  stage.one_leads_within(2'500);
}

void row_11(PairStage& stage) {
  stage.stall_witness(true);
  stage.pass(stage.below(2'000));
  stage.cut_both();
  stage.within(1'300, "the primary stops", [&] { return !stage.leads(kA); });
  stage.nobody_leads_for(3'000);
  if (stage.once_in(2)) {
    stage.heal_paths();
    stage.nobody_leads_for(2'000);
  }
  stage.stall_witness(false);
  stage.one_leads_within(2'500);
}

void row_12(PairStage& stage) {
  const int terms = stage.counts().leads;
  stage.parts().witness.lose_data();
  stage.keeps_leading(kA, 3'000);
  stage.acknowledges_within(3'000);
  stage.repair_witness();
  stage.within(2'000, "it has a record again", [&] {
    const auto& record = stage.parts().witness.entry().record;
    return record && record->primary == "a" && record->insync.size() == 2;
  });
  stage.check(stage.counts().leads == terms, "no term has begun");
  stage.never_leads(kA);
  stage.crash(kA);
  stage.leads_within(kB, 1'000);
  stage.leads_in_the_end(kB);
}

void row_13(PairStage& stage) {
  const int terms = stage.counts().leads;
  stage.never("the standby is lost", [&] { return !stage.are_in_sync(); });
  stage.stall_witness(true);
  stage.keeps_leading(kA, 2'000);
  stage.acknowledges_within(500);
  stage.stall_witness(false);
  stage.keeps_leading(kA, 2'000);
  stage.check(stage.counts().leads == terms, "no term has begun");
}

// Both ask while it stalls, and it has both swaps to do when it goes on.
void row_14(PairStage& stage) {
  stage.cut_both();
  stage.end_connections();
  stage.pass(stage.below(150));
  stage.stall_witness(true);
  stage.pass(600 + stage.below(900));
  stage.stall_witness(false);
  stage.pass(500);  // One that leads still may stop.
  stage.one_leads_within(2'500);
  stage.keeps_leading(stage.leads(kA) ? kA : kB, 2'000);
  stage.acknowledges_within(3'000);
}

void use_channels(PairPlan& pair) {
  pair.channels = true;
}

void row_26(PairStage& stage) {
  stage.never_leads(kB);
  stage.parts().net.flip_next();
  stage.within(2'500, "the link ends", [&] { return !stage.are_in_sync(); });
  stage.in_sync_within(15'000);
  stage.keeps_leading(kA, 100);
}

// A second up, a second down; then each time until it is admitted, twice as late as before.
void row_30(PairStage& stage) {
  stage.never_leads(kB);
  for (std::uint32_t i = 0; i < 4; ++i) {
    stage.close_link(true);
    stage.end_connections();
    stage.keeps_leading(kA, 1'000);
    stage.check(!stage.are_in_sync(), "a standby that cannot be reached is not in sync");
    stage.close_link(false);
    const std::uint32_t held_ms = i < 2 ? 1'000 : 2'000U << (i - 2U);
    stage.throughout(held_ms - 10, "it is not admitted yet", [&] { return !stage.are_in_sync(); });
    if (i >= 2) stage.in_sync_within(1'500);
  }
  stage.acknowledges_within(3'000);
}

void lag(PairPlan& pair) {
  pair.wire_lag_ms = 200;
  pair.witness_lost_once_in = UINT32_MAX;
}

// The link is slow then, and each lost segment comes later still.
void row_31(PairStage& stage) {
  const int terms = stage.counts().leads;
  stage.never_leads(kB);
  stage.parts().beats.set_lost_once_in(3);
  for (int i = 0; i < 10; ++i) {
    stage.parts().net.stall(stage.below(2),
                            stage.parts().world.now.plus_ms(100 + stage.below(150)));
    stage.keeps_leading(kA, 300 + stage.below(300));
  }
  stage.acknowledges_within(2'000);
  stage.check(stage.are_in_sync(), "the standby has stayed");
  stage.check(stage.counts().leads == terms, "no term has begun");
}

void row_35(PairStage& stage) {
  stage.never_leads(kB);
  stage.parts().net.set_longest(200);
  stage.within(20'000, "the primary goes on alone",
               [&] { return stage.parts().world.insync.size() == 1; });
  stage.acknowledges_within(3'000);
  stage.keeps_leading(kA, 2'000);
  stage.heal();
  stage.in_sync_within(20'000);
  stage.keeps_leading(kA, 100);
}

}  // namespace

std::vector<PairScenario> scenarios_of_paths() {
  return {
      {5, "the replication path is cut, the second path is not", kEvery, row_5},
      {6, "both paths are cut, both see the witness", kEvery, row_6},
      {7, "one node is cut from the witness only", kWitnessed, row_7},
      {8, "the primary is cut from all but its clients", kEvery, row_8},
      {9, "a path is cut in one direction", kEvery, row_9},
      {10, "the witness is down, then the primary dies", kWitnessed, row_10},
      {11, "the witness is down, then the link is cut", kWitnessed, row_11},
      {12, "the witness loses its data", kWitnessed, row_12},
      {13, "the witness stalls for 2 s", kWitnessed, row_13},
      {14, "going on alone races a claim", kWitnessed, row_14},
      {26, "a bit flips on the wire", kEvery, row_26, use_channels},
      {30, "the link flaps", kEvery, row_30},
      {31, "the link is slow and loses a third", kEvery, row_31, lag},
      {35, "big frames are lost, small ones pass", kEvery, row_35},
  };
}

}  // namespace tandemq::sim
