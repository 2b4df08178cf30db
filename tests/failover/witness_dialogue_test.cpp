#include "failover/witness_dialogue.hpp"

#include "tests/failover/witness_lab.hpp"

#include <string>
#include <vector>

using namespace tandemq;
using namespace tandemq::failover;
using Lab = tests::WitnessLab;
using tests::Speaker;

namespace {

using Verdict = WitnessDialogue::Verdict;
constexpr ReplicationMode kMode = ReplicationMode::written;

// Of what the primary of term 1 offers.
WitnessDialogue::Claim offered_claim() {
  WitnessDialogue::Claim claim{Term{2, 2}};
  claim.peer_dead = true;
  claim.offered = Term{1, 1};
  return claim;
}

}  // namespace

TEST_CASE("nobody claims at a witness without a record; the first one names who may") {
  Lab lab;
  lab.a.dialogue.claim({Term{1, 1}});
  lab.talk(lab.a);
  CHECK(lab.a.dialogue.verdict() == Verdict::refused);
  CHECK(lab.a.dialogue.why().find("witness init") != std::string::npos);
  lab.a.dialogue.establish(first_record(lab.a.dialogue.us(), Term{}, kMode));
  lab.talk(lab.a);
  REQUIRE(lab.a.dialogue.verdict() == Verdict::done);
  lab.b.dialogue.claim({Term{1, 2}});
  lab.talk(lab.b);
  CHECK(lab.b.dialogue.verdict() == Verdict::refused);
  lab.a.dialogue.claim({Term{1, 1}});
  lab.talk(lab.a);
  CHECK(lab.a.dialogue.verdict() == Verdict::done);
  CHECK(lab.record().term == Term{1, 1});
}

TEST_CASE("a renewal counts from its sending, and comes every 250 ms") {
  Lab lab;
  lab.make_pair();
  lab.talk(lab.a);
  const Instant renewed = lab.a.dialogue.renewed_at();
  CHECK(renewed == lab.now);
  lab.pass(249);
  CHECK_FALSE(lab.a.ask(lab.now));
  lab.pass(1);
  CHECK(lab.a.ask(lab.now));
  const Instant sent = lab.now;
  lab.pass(400);
  lab.witness.deliver();
  CHECK(lab.a.dialogue.renewed_at() == sent);
}

TEST_CASE("a claim is refused as long as renewals come, unless their sender is dead") {
  Lab lab;
  lab.make_pair();
  lab.talk(lab.a);  // b has seen an older one.
  lab.b.dialogue.claim({Term{2, 2}});
  lab.talk(lab.b);
  CHECK(lab.b.dialogue.verdict() == Verdict::refused);
  CHECK(lab.record().primary == "a");
  lab.pass(300);
  lab.talk(lab.a);
  WitnessDialogue::Claim claim{Term{2, 2}};
  claim.peer_dead = true;
  lab.b.dialogue.claim(claim);
  lab.talk(lab.b);
  CHECK(lab.b.dialogue.verdict() == Verdict::done);
  CHECK(lab.record().primary == "b");
  CHECK(lab.record().insync.size() == 1);
  lab.pass(300);
  lab.talk(lab.a);
  CHECK(lab.a.dialogue.superseded());
}

TEST_CASE("of a claim and of going alone one wins, and the other one knows") {
  for (const bool claim_first : {false, true}) {
    Lab lab;
    lab.make_pair();
    lab.b.dialogue.claim({Term{2, 2}});
    lab.a.dialogue.alone();
    Speaker& first = claim_first ? lab.b : lab.a;
    Speaker& second = claim_first ? lab.a : lab.b;
    REQUIRE(lab.a.ask(lab.now));
    REQUIRE(lab.b.ask(lab.now));
    lab.witness.deliver(first.dialogue.us().node);
    lab.witness.deliver(second.dialogue.us().node);
    lab.talk(second);
    CHECK(first.dialogue.verdict() == Verdict::done);
    CHECK(second.dialogue.verdict() == Verdict::refused);
    CHECK(lab.a.dialogue.superseded() == claim_first);
    CHECK(lab.record().primary == first.dialogue.us().node);
  }
}

TEST_CASE("a swap whose outcome is unknown is asked again until one is done, also if it arrives") {
  for (const bool arrives : {false, true}) {
    Lab lab;
    lab.make_pair();
    lab.pass(300);
    lab.a.dialogue.alone();
    REQUIRE(lab.a.ask(lab.now));
    if (arrives) lab.witness.arrive("a");
    lab.witness.time_out("a");
    CHECK(lab.a.dialogue.verdict() == Verdict::pending);
    CHECK_FALSE(lab.a.dialogue.trouble().empty());
    CHECK_FALSE(lab.a.ask(lab.now));  // Not at once.
    lab.pass(100);
    lab.talk(lab.a);
    CHECK(lab.a.dialogue.verdict() == Verdict::done);
    CHECK(lab.record().insync.size() == 1);
  }
}

TEST_CASE("a claim that was done and whose answer was lost is known by its term") {
  Lab lab;
  lab.make_pair();
  lab.pass(2'000);
  lab.talk(lab.b);
  const Instant sent = lab.now;
  lab.b.dialogue.claim({Term{2, 2}});
  REQUIRE(lab.b.ask(lab.now));
  lab.witness.arrive("b");
  lab.witness.time_out("b");
  lab.pass(100);
  lab.talk(lab.b);
  CHECK(lab.b.dialogue.verdict() == Verdict::done);
  CHECK(lab.b.dialogue.renewed_at() == sent);
}

TEST_CASE("a wish that was asked before does not answer the next one") {
  Lab lab;
  lab.make_pair();
  lab.pass(300);
  lab.a.dialogue.alone();
  lab.talk(lab.a);
  lab.pass(300);
  lab.a.dialogue.admit(lab.b.dialogue.us());
  REQUIRE(lab.a.ask(lab.now));
  lab.a.dialogue.alone();  // The standby is lost while it is being admitted.
  lab.witness.deliver();
  CHECK(lab.record().insync.size() == 2);
  CHECK(lab.a.dialogue.verdict() == Verdict::pending);
  lab.talk(lab.a);
  CHECK(lab.a.dialogue.verdict() == Verdict::done);
  CHECK(lab.record().insync.size() == 1);
}

TEST_CASE("an operator may lead with whom the witness does not list, in a newer term only") {
  Lab lab;
  lab.make_pair();
  lab.pass(300);
  lab.a.dialogue.alone();
  lab.talk(lab.a);
  WitnessDialogue::Claim claim{Term{1, 2}};
  claim.forced = true;
  lab.b.dialogue.claim(claim);
  lab.talk(lab.b);
  CHECK(lab.b.dialogue.verdict() == Verdict::refused);
  claim.term.counter = 2;
  lab.b.dialogue.claim(claim);
  lab.talk(lab.b);
  CHECK(lab.b.dialogue.verdict() == Verdict::done);
  CHECK(lab.record().insync == std::vector{lab.b.dialogue.us()});
}

TEST_CASE("a witness that has lost its data is told anew by the leader, and only when asked to") {
  Lab lab;
  lab.make_pair();
  lab.witness.lose_data();
  lab.pass(300);
  lab.talk(lab.a);
  CHECK_FALSE(lab.witness.entry().record);
  CHECK(lab.a.dialogue.trouble().find("witness repair") != std::string::npos);
  WitnessRecord record = first_record(lab.a.dialogue.us(), lab.a.dialogue.ours(), kMode);
  lab.a.dialogue.establish(record);
  lab.talk(lab.a);
  CHECK(lab.a.dialogue.verdict() == Verdict::done);
  CHECK(lab.a.dialogue.trouble().empty());
  lab.pass(300);
  lab.talk(lab.a);
  CHECK(lab.a.dialogue.renewed_at() == lab.now);
}

TEST_CASE("a standby looks now and then, and often when the primary is silent") {
  Lab lab;
  lab.make_pair();
  CHECK_FALSE(lab.b.ask(lab.now));
  lab.pass(999);
  CHECK_FALSE(lab.b.ask(lab.now));
  lab.b.dialogue.set_urgent(true);
  CHECK(lab.b.ask(lab.now));
  CHECK_FALSE(lab.b.swapped);
}

TEST_CASE("what is offered is claimed by what stands there now, and past renewals") {
  Lab lab;
  lab.make_pair();
  lab.b.dialogue.claim(offered_claim());
  REQUIRE(lab.b.ask(lab.now));
  CHECK_FALSE(lab.b.swapped);  // It may have been listed since it looked last.
  lab.witness.deliver();
  lab.pass(300);
  REQUIRE(lab.a.ask(lab.now));
  REQUIRE(lab.b.ask(lab.now));
  lab.witness.deliver("a");
  lab.witness.deliver("b");
  CHECK(lab.b.dialogue.verdict() == Verdict::pending);
  lab.talk(lab.b);
  CHECK(lab.b.dialogue.verdict() == Verdict::done);
  CHECK(lab.record().primary == "b");
}

TEST_CASE("what is offered is claimed only in the term that it was offered in") {
  Lab lab;
  lab.make_pair();
  lab.a.dialogue.claim({Term{2, 1}});  // Its next life.
  lab.talk(lab.a);
  lab.a.dialogue.hold();
  lab.a.dialogue.admit(lab.b.dialogue.us());
  lab.talk(lab.a);
  lab.b.dialogue.claim(offered_claim());
  lab.talk(lab.b);
  CHECK(lab.b.dialogue.verdict() == Verdict::refused);
  CHECK(lab.record().primary == "a");
}

TEST_CASE("what is offered is refused when the witness does not answer, unless it may be claimed") {
  Lab lab;
  lab.make_pair();
  lab.b.dialogue.claim(offered_claim());
  REQUIRE(lab.b.ask(lab.now));
  SUBCASE("it was not asked for yet") {
    lab.witness.time_out("b");
    CHECK(lab.b.dialogue.verdict() == Verdict::refused);
  }
  SUBCASE("it may have been done") {
    lab.witness.deliver();
    REQUIRE(lab.b.ask(lab.now));
    REQUIRE(lab.b.swapped);
    lab.witness.time_out("b");
    CHECK(lab.b.dialogue.verdict() == Verdict::pending);
    lab.pass(100);
    lab.talk(lab.b);
    CHECK(lab.b.dialogue.verdict() == Verdict::done);
  }
}
