#include "failover/witnessed.hpp"

#include "tests/failover/witness_lab.hpp"

using namespace tandemq;
using namespace tandemq::failover;
using Lab = tests::WitnessLab;

namespace {

Standing in_sync(Term term) {
  Standing standing;
  standing.term_seen = term;
  standing.end = {term, 10, 0};
  return standing;
}

}  // namespace

TEST_CASE("what the record means: who may claim, who is left out, since when it stands still") {
  Lab lab;
  lab.make_pair();
  const Standing kept = in_sync(Term{1, 1});
  Witnessed seen = witnessed(lab.b.dialogue, kept, 2, lab.now);
  CHECK(seen.answers);
  CHECK(seen.may_claim);
  CHECK_FALSE(seen.left_out);
  CHECK_FALSE(seen.own);
  const Instant since = seen.unmoved_since;
  lab.pass(2'000);
  lab.talk(lab.b);
  seen = witnessed(lab.b.dialogue, kept, 2, lab.now);
  CHECK(seen.unmoved_since == since);
  CHECK(witnessed(lab.a.dialogue, kept, 1, lab.now).own);

  Standing part = kept;
  part.whole = false;
  CHECK_FALSE(witnessed(lab.b.dialogue, part, 2, lab.now).may_claim);
  lab.a.dialogue.alone();
  lab.talk(lab.a);
  lab.pass(1'000);
  lab.talk(lab.b);
  seen = witnessed(lab.b.dialogue, kept, 2, lab.now);
  CHECK(seen.left_out);
  CHECK_FALSE(seen.may_claim);
}

TEST_CASE("a node whose data are older than the record may not claim by its name") {
  Lab lab;
  lab.make_pair();
  CHECK_FALSE(witnessed(lab.b.dialogue, in_sync(Term{}), 2, lab.now).may_claim);
  CHECK_FALSE(witnessed(lab.a.dialogue, in_sync(Term{}), 1, lab.now).may_claim);
  CHECK(witnessed(lab.a.dialogue, in_sync(Term{1, 1}), 1, lab.now).may_claim);
}

TEST_CASE("a primary that has released waits for its standby, and not if it has none") {
  Lab lab;
  lab.make_pair();
  lab.a.dialogue.release();
  lab.talk(lab.a);
  lab.pass(1'000);
  lab.talk(lab.b);
  const Standing kept = in_sync(Term{1, 1});
  CHECK(witnessed(lab.b.dialogue, kept, 2, lab.now).released);
  CHECK_FALSE(witnessed(lab.a.dialogue, kept, 1, lab.now).own);
}

TEST_CASE(
    "both that are in sync are here after both were rebooted: the one with no less may lead") {
  Lab lab;
  lab.make_pair();
  WitnessDialogue again({"a", 3, "another boot"}, ReplicationMode::written);
  again.take(WitnessDone{lab.witness.entry()}, lab.now);
  Standing standing = in_sync(Term{1, 1});
  CHECK_FALSE(witnessed(again, standing, 1, lab.now).may_claim);
  standing.peer_end = standing.end;
  CHECK(witnessed(again, standing, 1, lab.now).may_claim);
  standing.peer_end->lsn += 1;
  CHECK_FALSE(witnessed(again, standing, 1, lab.now).may_claim);
}
