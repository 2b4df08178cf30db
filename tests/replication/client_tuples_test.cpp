#include "replication/client_tuples.hpp"

#include <cstdint>
#include <set>

#include <doctest/doctest.h>

namespace tandemq {
namespace {

FourTuple from_port(std::uint16_t port) {
  FourTuple tuple;
  tuple.ours = {{192, 0, 2, 10}, 1'883};
  tuple.theirs = {{192, 0, 2, 3}, port};
  return tuple;
}

std::set<std::uint16_t> ports_of(const ClientMirror& mirror) {
  std::set<std::uint16_t> ports;
  for (const FourTuple& tuple : mirror.all()) ports.insert(tuple.theirs.port);
  return ports;
}

std::size_t tell(ClientTuples& tuples, ClientMirror& mirror) {
  std::size_t pieces = 0;
  for (; const auto piece = tuples.take_piece(); ++pieces) mirror.take(*piece);
  return pieces;
}

}  // namespace

TEST_CASE("a standby knows the clients that were there, that came, and not those that went") {
  ClientTuples tuples;
  ClientMirror mirror;
  tuples.opened(1, from_port(1'001));
  tuples.opened(2, from_port(1'002));
  CHECK(tell(tuples, mirror) == 0);  // There is nobody to tell.
  tuples.begin();
  CHECK(tell(tuples, mirror) == 1);
  CHECK(ports_of(mirror) == std::set<std::uint16_t>{1'001, 1'002});
  tuples.opened(3, from_port(1'003));
  tuples.closed(1);
  tuples.opened(4, from_port(1'004));
  tuples.closed(4);
  CHECK(tell(tuples, mirror) == 1);
  CHECK(ports_of(mirror) == std::set<std::uint16_t>{1'002, 1'003});
  CHECK(tell(tuples, mirror) == 0);
}

TEST_CASE("a connection begins with all clients, and ends nobody's knowledge") {
  ClientTuples tuples;
  ClientMirror mirror;
  tuples.begin();
  tuples.opened(1, from_port(1'001));
  tell(tuples, mirror);
  tuples.end();
  tuples.closed(1);
  tuples.opened(2, from_port(1'002));
  CHECK(tell(tuples, mirror) == 0);
  CHECK(ports_of(mirror) == std::set<std::uint16_t>{1'001});
  tuples.begin();
  tell(tuples, mirror);
  CHECK(ports_of(mirror) == std::set<std::uint16_t>{1'002});
}

TEST_CASE("a primary without clients says so") {
  ClientTuples tuples;
  ClientMirror mirror;
  mirror.take({true, {{7, from_port(1'007)}}, {}});
  tuples.begin();
  CHECK(tell(tuples, mirror) == 1);
  CHECK(mirror.size() == 0);
}

TEST_CASE("many clients are told in pieces, and no more than the bound") {
  ClientTuples tuples;
  ClientMirror mirror;
  tuples.begin();
  for (std::uint64_t client = 0; client < kTuplesMax + 10; ++client)
    tuples.opened(client, from_port(static_cast<std::uint16_t>(client)));
  CHECK(tuples.size() == kTuplesMax);
  CHECK(tell(tuples, mirror) == kTuplesMax / ClientTuples::kPieceMax);
  CHECK(mirror.size() == kTuplesMax);
  tuples.closed(kTuplesMax + 1);  // It was never known.
  CHECK(tell(tuples, mirror) == 0);
}

}  // namespace tandemq
