#include "core/gate.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

Outputs outputs(const char* why) {
  Outputs out;
  out.list.push_back({make_connection_id(0, 1, 0), Close{why}});
  return out;
}

}  // namespace

TEST_CASE("outputs leave in order when their record is committed, not before") {
  Gate gate;
  Outputs first = outputs("1");
  Outputs second = outputs("2");
  Outputs third = outputs("3");
  gate.hold(1, first);
  gate.hold(3, second);
  gate.hold(3, third);
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
  CHECK(gate.released() == 5);
  CHECK(out.empty());
}
