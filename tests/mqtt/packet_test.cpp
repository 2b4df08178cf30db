// Every packet in every version: bytes to a value and back to the same bytes.
#include "mqtt/packet.hpp"

#include "tests/mqtt/bytes.hpp"

#include <memory>
#include <utility>

#include <doctest/doctest.h>

namespace tandemq::mqtt {
namespace {

using Id = PropertyId;
constexpr auto kAll = {Version::v31, Version::v311, Version::v5};
constexpr auto kBefore5 = {Version::v31, Version::v311};

Properties with(Id id, std::uint32_t number) {
  Properties properties;
  properties.add(id, number);
  return properties;
}

Properties with(Id id, std::string_view text) {
  Properties properties;
  properties.add(id, text);
  return properties;
}

TEST_CASE("a CONNECT of each version survives the way there and back") {
  Connect plain;
  plain.keep_alive_s = 60;
  plain.client_id = "c";
  plain.version = Version::v31;
  check_sample({Version::v5, "10 0006 'MQIsdp' 03 02 003C 0001 'c'", std::move(plain)});

  Connect v311;
  v311.version = Version::v311;
  v311.clean_start = false;
  v311.client_id = "c";
  v311.user_name = "u";
  v311.password = "";
  check_sample({Version::v31, "10 0004 'MQTT' 04 C0 0000 0001 'c' 0001 'u' 0000", std::move(v311)});

  Connect v5;
  v5.version = Version::v5;
  v5.keep_alive_s = 65535;
  v5.properties = with(Id::session_expiry_interval, 10);
  v5.properties.add_user("k", "v");
  v5.will = std::make_unique<Will>();
  v5.will->qos = QoS::exactly_once;
  v5.will->retain = true;
  v5.will->topic = "t";
  v5.will->payload = "w";
  v5.will->properties = with(Id::will_delay_interval, 1);
  v5.password = bytes("00 FF");
  check_sample({Version::v311,
                "10 0004 'MQTT' 05 76 FFFF  0C 11 0000000A 26 0001 'k' 0001 'v'  0000"
                "05 18 00000001 0001 't' 0001 'w' 0002 00FF",
                std::move(v5)});
}

TEST_CASE("two CONNECT are equal only if their wills are") {
  const auto with_will = [](std::string_view topic) {
    Connect connect;
    connect.will = std::make_unique<Will>();
    connect.will->topic = topic;
    return connect;
  };
  CHECK(Connect{} == Connect{});
  CHECK(with_will("a") == with_will("a"));
  CHECK_FALSE(with_will("a") == with_will("b"));
  CHECK_FALSE(with_will("a") == Connect{});
}

TEST_CASE("a CONNACK of each version survives the way there and back") {
  check_sample({Version::v31, "20 00 00", Connack{}});
  check_sample(
      {Version::v31, "20 00 02", Connack{false, ReasonCode::client_identifier_not_valid, {}}});
  check_sample({Version::v311, "20 01 00", Connack{true, ReasonCode::success, {}}});
  check_sample({Version::v311, "20 00 05", Connack{false, ReasonCode::not_authorized, {}}});
  check_sample({Version::v5, "20 01 00 00", Connack{true, ReasonCode::success, {}}});
  check_sample({Version::v5, "20 00 87 04 1F 0001 'n'",
                Connack{false, ReasonCode::not_authorized, with(Id::reason_string, "n")}});
}

TEST_CASE("a PUBLISH of each version survives the way there and back") {
  for (const Version version : kBefore5) {
    check_sample({version, "30 0001 'a'", Publish{.topic = "a", .payload = {}, .properties = {}}});
    check_sample({version, "3D 0003 'a/b' 0010 'hello'",
                  Publish{true, QoS::exactly_once, true, 16, "a/b", "hello", {}}});
  }
  check_sample({Version::v5, "32 0001 'a' FFFF 00 'x'",
                Publish{false, QoS::at_least_once, false, 65535, "a", "x", {}}});
  check_sample({Version::v5, "31 0000 03 23 0001 'x'",
                Publish{false, QoS::at_most_once, true, 0, "", "x", with(Id::topic_alias, 1)}});
}

TEST_CASE("a PUBLISH with a Remaining Length of more than one byte survives") {
  Publish publish;
  publish.topic = "t";
  publish.payload = std::string(20000, 'p');
  check_sample({Version::v311, "30 0001 't' '" + publish.payload + "'", publish});
}

TEST_CASE("each acknowledgement of a PUBLISH survives the way there and back") {
  const std::pair<std::string, PacketType> rows[] = {{"40", PacketType::puback},
                                                     {"50", PacketType::pubrec},
                                                     {"62", PacketType::pubrel},
                                                     {"70", PacketType::pubcomp}};
  for (const auto& [first, type] : rows) {
    for (const Version version : kAll) {
      check_sample({version, first + "0102", Ack{type, 0x0102, ReasonCode::success, {}}});
    }
    const bool last_two = type == PacketType::pubrel || type == PacketType::pubcomp;
    const auto reason =
        last_two ? ReasonCode::packet_identifier_not_found : ReasonCode::quota_exceeded;
    const std::string code = last_two ? "92" : "97";
    check_sample({Version::v5, first + "0001" + code, Ack{type, 1, reason, {}}});
    check_sample({Version::v5, first + "0001" + code + "04 1F 0001 'n'",
                  Ack{type, 1, reason, with(Id::reason_string, "n")}});
    check_sample({Version::v5, first + "0001 00 04 1F 0001 'n'",
                  Ack{type, 1, ReasonCode::success, with(Id::reason_string, "n")}});
  }
}

TEST_CASE("a SUBSCRIBE of each version survives the way there and back") {
  SubscribeEntry first;
  first.filter = "a/+";
  SubscribeEntry second;
  second.filter = "#";
  second.qos = QoS::exactly_once;
  for (const Version version : kBefore5) {
    check_sample(
        {version, "82 000A 0003 'a/+' 00 0001 '#' 02", Subscribe{10, {}, {first, second}}});
  }
  second.no_local = true;
  second.retain_as_published = true;
  second.retain_handling = 2;
  check_sample({Version::v5, "82 000A 02 0B 07 0003 'a/+' 00 0001 '#' 2E",
                Subscribe{10, with(Id::subscription_identifier, 7), {first, second}}});
}

TEST_CASE("a SUBACK of each version survives the way there and back") {
  const std::vector<ReasonCode> reasons = {ReasonCode::success, ReasonCode::granted_qos1,
                                           ReasonCode::granted_qos2, ReasonCode::unspecified_error};
  for (const Version version : kBefore5) {
    check_sample(
        {version, "90 0001 00 01 02 80", SubscriptionAck{PacketType::suback, 1, {}, reasons}});
  }
  check_sample(
      {Version::v5, "90 0001 00 00 01 02 80", SubscriptionAck{PacketType::suback, 1, {}, reasons}});
  check_sample({Version::v5, "90 0001 04 1F 0001 'n' 8F",
                SubscriptionAck{PacketType::suback,
                                1,
                                with(Id::reason_string, "n"),
                                {ReasonCode::topic_filter_invalid}}});
}

TEST_CASE("an UNSUBSCRIBE and its UNSUBACK survive the way there and back") {
  for (const Version version : kBefore5) {
    check_sample({version, "A2 0001 0001 'a' 0001 'b'", Unsubscribe{1, {}, {"a", "b"}}});
    check_sample({version, "B0 0001", SubscriptionAck{PacketType::unsuback, 1, {}, {}}});
  }
  Properties user;
  user.add_user("", "");
  check_sample({Version::v5, "A2 0001 05 26 0000 0000 0001 'a'", Unsubscribe{1, user, {"a"}}});
  check_sample({Version::v5, "B0 0001 00 00 11",
                SubscriptionAck{PacketType::unsuback,
                                1,
                                {},
                                {ReasonCode::success, ReasonCode::no_subscription_existed}}});
}

TEST_CASE("PINGREQ, PINGRESP and DISCONNECT survive the way there and back") {
  for (const Version version : kAll) {
    check_sample({version, "C0", Ping{PacketType::pingreq}});
    check_sample({version, "D0", Ping{PacketType::pingresp}});
    check_sample({version, "E0", Disconnect{}});
  }
  check_sample({Version::v5, "E0 04", Disconnect{ReasonCode::disconnect_with_will, {}}});
  check_sample({Version::v5, "E0 00 05 11 00000000",
                Disconnect{ReasonCode::success, with(Id::session_expiry_interval, 0)}});
}

TEST_CASE("an AUTH survives the way there and back") {
  check_sample({Version::v5, "F0", Auth{}});
  Properties scram = with(Id::authentication_method, "SCRAM");
  scram.add(Id::authentication_data, bytes("00 01"));
  check_sample({Version::v5, "F0 18 0D 15 0005 'SCRAM' 16 0002 0001",
                Auth{ReasonCode::continue_authentication, scram}});
}

TEST_CASE("every packet knows its type") {
  CHECK(type_of(Connect{}) == PacketType::connect);
  CHECK(type_of(Connack{}) == PacketType::connack);
  CHECK(type_of(Publish{}) == PacketType::publish);
  CHECK(type_of(Ack{.type = PacketType::pubrel, .properties = {}}) == PacketType::pubrel);
  CHECK(type_of(Subscribe{}) == PacketType::subscribe);
  CHECK(type_of(Unsubscribe{}) == PacketType::unsubscribe);
  CHECK(type_of(SubscriptionAck{}) == PacketType::suback);
  CHECK(type_of(Ping{}) == PacketType::pingreq);
  CHECK(type_of(Disconnect{}) == PacketType::disconnect);
  CHECK(type_of(Auth{}) == PacketType::auth);
}

}  // namespace
}  // namespace tandemq::mqtt
