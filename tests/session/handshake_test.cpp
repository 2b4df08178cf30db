#include "session/handshake.hpp"

#include <doctest/doctest.h>

using namespace tandemq;
using mqtt::QoS;

TEST_CASE("the handshake table has no row twice, and each says why") {
  for (std::size_t i = 0; i < kHandshake.size(); ++i) {
    CHECK_FALSE(kHandshake[i].why.empty());
    for (std::size_t j = i + 1; j < kHandshake.size(); ++j) {
      const bool same = kHandshake[i].qos == kHandshake[j].qos &&
                        kHandshake[i].phase == kHandshake[j].phase &&
                        kHandshake[i].ack == kHandshake[j].ack;
      CHECK_FALSE(same);
    }
  }
}

TEST_CASE("an acknowledgement of the other QoS is a mismatch") {
  CHECK(handshake(QoS::at_least_once, DeliveryPhase::sent, AckKind::pubrec) ==
        AckOutcome::mismatch);
  CHECK(handshake(QoS::at_least_once, DeliveryPhase::sent, AckKind::pubcomp) ==
        AckOutcome::mismatch);
  CHECK(handshake(QoS::exactly_once, DeliveryPhase::sent, AckKind::puback) == AckOutcome::mismatch);
  CHECK(handshake(QoS::exactly_once, DeliveryPhase::sent, AckKind::pubcomp) ==
        AckOutcome::mismatch);
  CHECK(handshake(QoS::exactly_once, DeliveryPhase::released, AckKind::puback) ==
        AckOutcome::mismatch);
}

TEST_CASE("both handshakes can be gone through to their end") {
  CHECK(handshake(QoS::at_least_once, DeliveryPhase::sent, AckKind::puback) == AckOutcome::done);
  CHECK(handshake(QoS::exactly_once, DeliveryPhase::sent, AckKind::pubrec) == AckOutcome::release);
  CHECK(handshake(QoS::exactly_once, DeliveryPhase::released, AckKind::pubrec) ==
        AckOutcome::repeat_pubrel);
  CHECK(handshake(QoS::exactly_once, DeliveryPhase::released, AckKind::pubcomp) ==
        AckOutcome::done);
}
