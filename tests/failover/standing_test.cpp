#include "failover/standing.hpp"

#include <functional>

#include <doctest/doctest.h>

using namespace tandemq;
using namespace tandemq::failover;
using Was = NodeState::Role;

namespace {

Position at(std::uint64_t term, Lsn lsn) {
  return {Term{term, 1}, lsn, 0};
}

// A standby that was in sync when the link was lost.
Standing in_sync() {
  Standing standing;
  standing.in_sync = true;
  standing.term_seen = Term{3, 1};
  standing.end = at(3, 100);
  return standing;
}

}  // namespace

TEST_CASE("a standby in sync may lead; what speaks against it is named") {
  CHECK(objection_to_lead(in_sync()) == Objection::none);
  struct Row {
    Objection objection;
    std::function<void(Standing&)> change;
  };
  const Row rows[] = {
      {Objection::follows, [](Standing& s) { s.follows = true; }},
      {Objection::not_whole, [](Standing& s) { s.whole = false; }},
      {Objection::outdated, [](Standing& s) { s.outdated = true; }},
      {Objection::peer_has_more, [](Standing& s) { s.peer_end = at(3, 101); }},
      {Objection::peer_has_more, [](Standing& s) { s.peer_end = at(4, 50); }},
      {Objection::unknown, [](Standing& s) { s.in_sync = false; }},
      {Objection::none, [](Standing& s) { s.peer_end = at(3, 100); }},
  };
  for (const Row& row : rows) {
    Standing standing = in_sync();
    row.change(standing);
    CHECK(objection_to_lead(standing) == row.objection);
    CHECK_FALSE(sentence_of(row.objection).empty());
  }
}

TEST_CASE("a new node may lead, and one that led alone") {
  CHECK(objection_to_lead(Standing{}) == Objection::none);
  Standing alone = in_sync();
  alone.in_sync = false;
  alone.was = Was::solo;
  CHECK(objection_to_lead(alone) == Objection::none);
  // Records of its own term that it had not acknowledged are with the standby it had lost.
  alone.peer_end = at(3, 120);
  CHECK(objection_to_lead(alone) == Objection::none);
  alone.peer_end = at(4, 90);
  CHECK(objection_to_lead(alone) == Objection::peer_has_more);
}

TEST_CASE("who led alone leads again unless somebody has led since") {
  Standing standing = in_sync();
  standing.in_sync = false;
  CHECK_FALSE(leads_again(standing));  // It was a standby.
  standing.was = Was::solo;
  CHECK(leads_again(standing));
  standing.peer_end = at(4, 10);
  CHECK_FALSE(leads_again(standing));
}

TEST_CASE("who led with a standby leads again only when that one has no more") {
  Standing standing = in_sync();
  standing.was = Was::primary;
  CHECK_FALSE(leads_again(standing));  // The standby may have taken over.
  standing.peer_end = at(3, 100);
  CHECK(leads_again(standing));
  standing.peer_end = at(3, 101);
  CHECK_FALSE(leads_again(standing));
}

TEST_CASE("of two that have as much, who has begun a term leads, and alone it does not") {
  // It was killed when it had written down its term, and before the first record of it.
  Standing began = in_sync();
  began.in_sync = false;
  began.was = Was::solo;
  began.term_seen = Term{4, 2};
  CHECK_FALSE(leads_again(began));  // It has let nothing out, so its peer may have led since.
  CHECK(objection_to_lead(began) == Objection::unknown);
  began.peer_end = at(3, 100);
  began.peer_term = Term{3, 1};
  CHECK(leads_again(began));
  began.peer_end = at(3, 101);
  CHECK_FALSE(leads_again(began));

  Standing led = in_sync();
  led.in_sync = false;
  led.was = Was::primary;
  led.peer_end = at(3, 100);
  led.peer_term = Term{4, 2};
  CHECK_FALSE(leads_again(led));
  CHECK(objection_to_lead(led) == Objection::peer_has_more);
  led.end = at(3, 101);
  CHECK(leads_again(led));
  CHECK(objection_to_lead(led) == Objection::none);
}

TEST_CASE("a standby leads when the one it was in sync with comes back with less") {
  Standing standing = in_sync();
  standing.in_sync = false;
  standing.peer_end = at(3, 99);
  CHECK_FALSE(leads_again(standing));  // Perhaps it does.
  standing.peer_yields = true;
  CHECK(leads_again(standing));
  standing.outdated = true;
  CHECK_FALSE(leads_again(standing));
}
