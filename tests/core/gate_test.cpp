#include "core/gate.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

Outputs outputs(const char* why) {
  Outputs out;
  out.list.emplace_back(make_connection_id(0, 1, 0), Close{why});
  return out;
}

}  // namespace

TEST_CASE("outputs leave in order when their record is committed, not before") {
  Gate gate;
  Outputs first = outputs("1");
  Outputs second = outputs("2");
  Outputs third = outputs("3");
  gate.hold(1, CommitLevel::written, first);
  gate.hold(3, CommitLevel::written, second);
  gate.hold(3, CommitLevel::written, third);
  CHECK(first.empty());
  CHECK(gate.held_count() == 3);
  std::vector<Outputs> out;
  gate.release(2, out);
  REQUIRE(out.size() == 1);
  CHECK(std::get<Close>(out[0].list[0].action).why == "1");
  gate.release(3, out);
  REQUIRE(out.size() == 3);
  CHECK(std::get<Close>(out[2].list[0].action).why == "3");
  CHECK(gate.held_count() == 0);
}

TEST_CASE("a release that comes late changes nothing") {
  Gate gate;
  std::vector<Outputs> out;
  gate.release(5, out);
  gate.release(4, out);
  CHECK(gate.released() == Committed(5));
  CHECK(out.empty());
}

TEST_CASE("each level waits for itself, and the lesser one leaves first") {
  Gate gate;
  Outputs flushed = outputs("flushed");
  Outputs local = outputs("local");
  Outputs written = outputs("written");
  gate.hold(1, CommitLevel::flushed, flushed);
  gate.hold(2, CommitLevel::local, local);
  gate.hold(3, CommitLevel::written, written);
  CHECK(gate.awaited(CommitLevel::flushed) == 1);
  CHECK(gate.awaited(CommitLevel::received) == UINT64_MAX);
  std::vector<Outputs> out;
  Committed committed;
  committed.set(CommitLevel::local, 3);
  committed.set(CommitLevel::written, 2);
  gate.release(committed, out);
  REQUIRE(out.size() == 1);
  CHECK(std::get<Close>(out[0].list[0].action).why == "local");
  gate.release(3, out);
  REQUIRE(out.size() == 3);
  CHECK(std::get<Close>(out[1].list[0].action).why == "written");
  CHECK(std::get<Close>(out[2].list[0].action).why == "flushed");
  CHECK(gate.awaited(CommitLevel::flushed) == UINT64_MAX);
}
