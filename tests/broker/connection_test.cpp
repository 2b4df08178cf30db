#include "broker/connection.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

TEST_CASE("a connection is found by its id, and a late id of the same slot finds nobody") {
  Connections connections;
  const ConnectionId first = make_connection_id(2, 1, 5);
  connections.open(first);
  CHECK(connections.find(first) != nullptr);
  CHECK(connections.find(make_connection_id(2, 1, 4)) == nullptr);
  CHECK(connections.find(make_connection_id(3, 1, 5)) == nullptr);
  connections.close(first);
  const ConnectionId second = make_connection_id(2, 2, 5);
  connections.open(second);
  CHECK(connections.find(first) == nullptr);
  CHECK(connections.find(second)->id == second);
  CHECK(connections.size() == 1);
}

TEST_CASE("a session has the connection it was bound to, or none") {
  Connections connections;
  const auto session = static_cast<SessionId>(7);
  CHECK(connections.of(session) == nullptr);
  Connection& connection = connections.open(make_connection_id(0, 1, 0));
  connections.bind(session, &connection);
  CHECK(connections.of(session) == &connection);
  connections.bind(session, nullptr);
  CHECK(connections.of(session) == nullptr);
}
