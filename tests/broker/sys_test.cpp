#include "broker/sys.hpp"

#include "tests/broker/lab.hpp"

using namespace tandemq;

TEST_CASE("$SYS topics come at once as retained, then when they change, and never for #") {
  Lab lab(Config{});
  Client& client = lab.join(v5("c"));
  client.subscribe("#");
  client.subscribe("$SYS/broker/clients/connected");
  CHECK(client.next() == "$SYS/broker/clients/connected 1 retain");
  lab.join(v5("d"));
  lab.advance_s(10);
  CHECK(client.next() == "$SYS/broker/clients/connected 2");
  lab.advance_s(10);
  CHECK(client.next().empty());
}

TEST_CASE("$SYS says version, uptime, and what was received and sent") {
  Lab lab(Config{});
  Client& client = lab.join(v5("c"));
  client.publish("t", "x");
  client.subscribe("$SYS/broker/+");
  CHECK(client.next().substr(0, 28) == "$SYS/broker/version tandemq ");
  CHECK(client.next() == "$SYS/broker/uptime 0 seconds retain");
  client.subscribe("$SYS/broker/messages/received");
  CHECK(client.next() == "$SYS/broker/messages/received 1 retain");
}
