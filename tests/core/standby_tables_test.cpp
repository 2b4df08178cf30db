#include "tests/core/standby_lab.hpp"

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::tests;

TEST_CASE("the tables of a standby that differs are left as they are") {
  StandbyLab lab;
  lab.follow();
  lab.take(lab.log.frame(4, 6, 6));
  lab.write();
  lab.take(StateDigest{6, 0, 10, lab.log.state.digest(0, 10) + 1});
  REQUIRE(lab.standby->differs());
  lab.now = lab.now.plus_ms(5'000);
  lab.standby->tick(lab.now);
  CHECK_FALSE(lab.standby->take_tables().has_value());
  CHECK(lab.standby->tables_at() == 2);
}

TEST_CASE("the tables hold what is settled, and never more") {
  StandbyLab lab;
  lab.follow();
  CHECK_FALSE(lab.standby->take_tables().has_value());  // Nobody has said what is committed.
  lab.take(lab.log.frame(4, 6, 2));
  lab.write();
  CHECK_FALSE(lab.standby->take_tables().has_value());
  lab.take(Ping{5, false});
  const auto changes = lab.standby->take_tables();
  REQUIRE(changes.has_value());
  CHECK(changes->at == lab.log.position(3));  // Where the State stood when the round began.
  CHECK(lab.standby->tables_at() == 3);
  lab.standby->tables_written();
  lab.now = lab.now.plus_ms(1'000);
  lab.standby->tick(lab.now);
  CHECK_FALSE(lab.standby->take_tables().has_value());  // Record 6 is not committed.
  lab.take(Ping{6, false});
  const auto next = lab.standby->take_tables();
  REQUIRE(next.has_value());
  CHECK(next->at == lab.log.end());
}

TEST_CASE("a round of the tables waits for the disk of this node too") {
  StandbyLab lab;
  lab.follow();
  lab.take(lab.log.frame(4, 6, 6));
  (void)lab.standby->take_records();
  CHECK_FALSE(lab.standby->take_tables().has_value());
  lab.standby->local(5, 5);
  CHECK_FALSE(lab.standby->take_tables().has_value());
  lab.standby->local(6, 5);
  const auto changes = lab.standby->take_tables();
  REQUIRE(changes.has_value());
  CHECK(changes->at == lab.log.end());
  CHECK_FALSE(lab.standby->take_tables().has_value());
}

TEST_CASE("before a promotion the round that is under way is finished") {
  StandbyLab lab;
  lab.follow();
  CHECK_FALSE(lab.standby->finish_tables().has_value());
  lab.take(lab.log.frame(4, 6));
  lab.write();
  SUBCASE("one that waited for the primary is left to write") {
    CHECK_FALSE(lab.standby->take_tables().has_value());
    const auto changes = lab.standby->finish_tables();
    REQUIRE(changes.has_value());
    CHECK(changes->at == lab.log.end());
    CHECK(lab.standby->tables_at() == 6);
    lab.standby->tables_written();
  }
  SUBCASE("one that the writer has had is written") {
    lab.take(Ping{6, false});
    REQUIRE(lab.standby->take_tables().has_value());
    CHECK_FALSE(lab.standby->finish_tables().has_value());
  }
  CHECK_FALSE(lab.standby->finish_tables().has_value());
  (void)lab.state.collect_changes(lab.log.end());  // The next one may begin.
  CHECK(lab.state.check().empty());
}
