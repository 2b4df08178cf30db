#include "broker/targets.hpp"

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

Subscription subscription(std::uint32_t session, std::uint8_t qos, std::uint32_t identifier) {
  Subscription out{static_cast<SessionId>(session), identifier, {}};
  out.options.qos = qos & 0x03U;
  return out;
}

}  // namespace

TEST_CASE("subscriptions of one session join in one target: highest QoS, all identifiers") {
  TargetList targets;
  targets.clear();
  targets.add(subscription(1, 0, 4), 2);
  targets.add(subscription(2, 2, 0), 1);
  targets.add(subscription(1, 1, 5), 2);
  REQUIRE(targets.list().size() == 2);
  CHECK(targets.list()[0].qos == 1);
  CHECK(targets.list()[0].subscription_ids == SubscriptionIds{4, 5});
  CHECK(targets.list()[1].qos == 1);  // At most that of the message.
  CHECK(targets.list()[1].subscription_ids.empty());
}

TEST_CASE("a shared subscription is a target of its own, and the next message begins anew") {
  TargetList targets;
  targets.clear();
  targets.add(subscription(1, 0, 0), 2);
  targets.add_shared(subscription(1, 2, 0), 2, 99);
  REQUIRE(targets.list().size() == 2);
  CHECK(targets.list()[1].share == 99);
  targets.clear();
  targets.add(subscription(1, 2, 0), 2);
  CHECK(targets.list().size() == 1);
  CHECK(targets.list()[0].qos == 2);
}
