#include "tests/core/standby_lab.hpp"

#include "tests/session/mutations.hpp"

#include <utility>

#include <doctest/doctest.h>

namespace tandemq::tests {

StandbyLab::StandbyLab(ReplicationMode mode) {
  log.begin_term({1, 1});
  log.add({opened(kAnn, "ann")});
  log.add({stored(1, "t"), queued(kAnn, 1, 0)});
  log.add_idle();
  log.begin_term({2, 1});
  log.add({stored(2, "t"), queued(kAnn, 2, 1)});
  for (Lsn lsn = 1; lsn <= 3; ++lsn) {
    const auto record = open_record(log.records[lsn - 1].bytes);
    for (const Mutation& mutation : record->mutations) state.apply(mutation);
  }
  config.replication.timeout_ms = 2'000;
  config.replication.mode = mode;
  standby = std::make_unique<Standby>(state, config, log.position(3), 2, Term{1, 1});
}

void StandbyLab::take(Frame frame) {
  standby->take(std::move(frame), now);
}

Welcome StandbyLab::welcome(Welcome::Way way, Lsn lsn) const {
  return {kFeatureLevel, {2, 1}, way, lsn, log.end(), 4};
}

void StandbyLab::follow() {
  (void)connect();
  take(welcome(Welcome::Way::stream, 4));
  REQUIRE(standby->phase() == Standby::Phase::following);
  (void)standby->take_frames();
  (void)standby->take_demands();
}

void StandbyLab::write() {
  const Lsn end = standby->end().lsn;
  (void)standby->take_records();
  standby->local(end, end);
}

HangUp StandbyLab::hang_up() {
  const auto demands = standby->take_demands();
  REQUIRE(demands.size() == 1);
  CHECK(standby->phase() == Standby::Phase::absent);
  return std::get<HangUp>(demands[0]);
}

}  // namespace tandemq::tests
