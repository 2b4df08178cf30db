#include "mqtt/alias.hpp"

#include <doctest/doctest.h>

namespace tandemq::mqtt {
namespace {

TEST_CASE("[MQTT-3.3.2-8] an inbound alias of zero is refused") {
  InboundAliases aliases(10);
  CHECK_FALSE(aliases.assign(0, "topic"));
  CHECK(aliases.find(0) == nullptr);
}

TEST_CASE("[MQTT-3.3.2-9] an inbound alias above the maximum is refused") {
  InboundAliases aliases(10);
  CHECK(aliases.assign(10, "topic"));
  CHECK_FALSE(aliases.assign(11, "topic"));
  CHECK(aliases.find(11) == nullptr);
  CHECK_FALSE(InboundAliases().assign(1, "topic"));
}

TEST_CASE("[MQTT-3.3.2-12] an inbound alias stands for the topic it was last assigned") {
  InboundAliases aliases(10);
  CHECK(aliases.find(3) == nullptr);
  CHECK(aliases.assign(3, "one"));
  REQUIRE(aliases.find(3) != nullptr);
  CHECK(*aliases.find(3) == "one");
  CHECK(aliases.assign(3, "two"));
  CHECK(*aliases.find(3) == "two");
  CHECK(aliases.find(2) == nullptr);
}

TEST_CASE("an outbound alias is new once and known from then on") {
  OutboundAliases aliases(2);
  const auto first = aliases.choose("one");
  CHECK(first.alias == 1);
  CHECK_FALSE(first.known);
  const auto again = aliases.choose("one");
  CHECK(again.alias == 1);
  CHECK(again.known);
  CHECK(aliases.choose("two").alias == 2);
}

TEST_CASE("[MQTT-3.1.2-26] no outbound alias is above the client's Topic Alias Maximum") {
  OutboundAliases aliases(1);
  CHECK(aliases.choose("one").alias == 1);
  CHECK(aliases.choose("two").alias == 0);
  CHECK_FALSE(aliases.choose("two").known);
  CHECK(aliases.choose("one").known);
}

TEST_CASE("[MQTT-3.1.2-27] no outbound alias is used without a Topic Alias Maximum") {
  OutboundAliases aliases;
  CHECK(aliases.choose("one").alias == 0);
  CHECK_FALSE(aliases.choose("one").known);
}

}  // namespace
}  // namespace tandemq::mqtt
