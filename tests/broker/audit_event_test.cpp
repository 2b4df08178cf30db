#include "broker/audit_event.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;

TEST_CASE("an event says who, from where and when") {
  Lab lab;
  Client& client = lab.join(v5("c"));
  Turn turn(lab.world(), lab.now, lab.primary().effects());
  const Connection* connection = lab.world().connections.find(client.id());
  REQUIRE(connection != nullptr);
  const AuditEvent event = audit_event(turn, *connection, AuditEvent::What::connected);
  CHECK(event.client_id == "c");
  CHECK(event.user_name.empty());
  CHECK(event.at == lab.now);
  CHECK(event.address == connection->origin->address);
}
