#include "net/connection_slots.hpp"

#include <doctest/doctest.h>

namespace tandemq {

TEST_CASE("a connection id names its sink and is alive until it is released") {
  ConnectionSlots slots(7);
  const ConnectionId id = slots.obtain();
  CHECK(connection_sink(id) == 7);
  CHECK(connection_slot(id) == 0);
  CHECK(id != ConnectionId::none);
  CHECK(slots.holds(id));
  CHECK(slots.count() == 1);
  slots.release(id);
  CHECK_FALSE(slots.holds(id));
  CHECK(slots.count() == 0);
}

TEST_CASE("a slot is reused under an id that was never seen before") {
  ConnectionSlots slots(0);
  const ConnectionId first = slots.obtain();
  slots.release(first);
  const ConnectionId second = slots.obtain();
  CHECK(connection_slot(second) == connection_slot(first));
  CHECK(second != first);
  CHECK_FALSE(slots.holds(first));
  CHECK(slots.holds(second));
  CHECK(slots.slot_count() == 1);
}

TEST_CASE("an id of another sink or of a slot that never was is not alive") {
  ConnectionSlots slots(1);
  const ConnectionId id = slots.obtain();
  CHECK_FALSE(slots.holds(make_connection_id(2, 1, connection_slot(id))));
  CHECK_FALSE(slots.holds(make_connection_id(1, 1, 99)));
  CHECK_FALSE(slots.holds(ConnectionId::none));
}

}  // namespace tandemq
