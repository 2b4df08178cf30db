#include "mqtt/encode.hpp"

#include "tests/mqtt/bytes.hpp"

#include <utility>

#include <doctest/doctest.h>

namespace tandemq::mqtt {
namespace {

std::string publish_bytes(const PublishParts& parts, Version version) {
  std::string out;
  encode_publish(parts, version, out);
  std::string head;
  encode_publish_head(parts, version, head);
  CHECK(head + std::string(parts.payload) == out);
  CHECK(publish_size(parts, version) == out.size());
  return out;
}

TEST_CASE("a forwarded PUBLISH of 3.1.1 has topic, identifier and payload only") {
  PublishParts parts;
  parts.topic = "a/b";
  parts.payload = "hello";
  const std::string forwarded = bytes("03 0001 'x'");
  parts.forwarded = forwarded;
  parts.expiry_s = 5;
  parts.topic_alias = 7;
  CHECK(publish_bytes(parts, Version::v311) == framed("30 0003 'a/b' 'hello'"));
  parts.qos = QoS::at_least_once;
  parts.packet_id = 258;
  parts.dup = true;
  parts.retain = true;
  CHECK(publish_bytes(parts, Version::v31) == framed("3B 0003 'a/b' 0102 'hello'"));
}

TEST_CASE("a forwarded PUBLISH of 5.0 has alias, expiry, identifiers and what travels with it") {
  PublishParts parts;
  parts.topic = "a";
  parts.payload = "p";
  CHECK(publish_bytes(parts, Version::v5) == framed("30 0001 'a' 00 'p'"));

  const std::string forwarded = bytes("03 0001 'x' 26 0001 'k' 0001 'v'");
  const std::uint32_t identifiers[] = {1, 128, 268435455};
  parts.qos = QoS::exactly_once;
  parts.packet_id = 1;
  parts.forwarded = forwarded;
  parts.topic_alias = 7;
  parts.expiry_s = 5;
  parts.subscription_ids = identifiers;
  const std::string_view text =
      "34 0001 'a' 0001 1D 23 0007 02 00000005 0B 01 0B 8001 0B FFFFFF7F 03 0001 'x'"
      "26 0001 'k' 0001 'v' 'p'";
  CHECK(publish_bytes(parts, Version::v5) == framed(text));
  const auto publish = std::get<Publish>(decoded(text, Version::v5));
  CHECK(publish.properties.number(PropertyId::topic_alias) == 7);
  CHECK(publish.properties.number(PropertyId::message_expiry_interval) == 5);
  CHECK(forwarded_properties(publish.properties) == forwarded);
}

TEST_CASE("a topic that the receiver knows by alias is left out (3.3.2.3.4)") {
  PublishParts parts;
  parts.payload = "p";
  parts.topic_alias = 1;
  CHECK(publish_bytes(parts, Version::v5) == framed("30 0000 03 23 0001 'p'"));
}

TEST_CASE("a forwarded PUBLISH has the shortest Remaining Length at each of its sizes") {
  for (const std::size_t size : {0U, 124U, 125U, 16380U, 16381U, 2097148U, 2097149U}) {
    PublishParts parts;
    const std::string payload(size, 'p');
    parts.topic = "t";
    parts.payload = payload;
    CHECK(publish_bytes(parts, Version::v311) == framed("30 0001 't' '" + payload + "'"));
  }
}

TEST_CASE("an acknowledgement has the same bytes with and without a Packet around it") {
  Properties long_reason;
  long_reason.add(PropertyId::reason_string, std::string(200, 'r'));
  for (const PacketType type :
       {PacketType::puback, PacketType::pubrec, PacketType::pubrel, PacketType::pubcomp}) {
    for (const Version version : {Version::v31, Version::v311, Version::v5}) {
      for (const Properties& properties : {Properties{}, long_reason}) {
        const Ack ack{type, 7, ReasonCode::unspecified_error, properties};
        std::string out;
        encode_ack(ack, version, out);
        CHECK(out == encoded(ack, version));
      }
    }
  }
}

TEST_CASE("an encoder appends to what is already there") {
  std::string out = "x";
  encode(Ping{}, Version::v5, out);
  PublishParts parts;
  parts.topic = "t";
  encode_publish(parts, Version::v311, out);
  encode(Ack{.type = PacketType::puback, .packet_id = 2, .properties = {}}, Version::v311, out);
  CHECK(out == "x" + framed("C0") + framed("30 0001 't'") + framed("40 0002"));
}

TEST_CASE("[MQTT311-3.2.2-6] a CONNACK without a return code of 3.1.1 appends nothing") {
  for (const Version version : {Version::v31, Version::v311}) {
    CHECK(encoded(Connack{false, ReasonCode::protocol_error, {}}, version).empty());
    CHECK(encoded_size(Connack{false, ReasonCode::protocol_error, {}}, version) == 0);
    CHECK(encoded(Connack{false, ReasonCode::server_busy, {}}, version) == framed("20 00 03"));
  }
}

TEST_CASE("a CONNACK of 3.1 never says that a session is present") {
  CHECK(encoded(Connack{true, ReasonCode::success, {}}, Version::v31) == framed("20 00 00"));
}

TEST_CASE("an AUTH or a DISCONNECT with a reason has no form before 5.0") {
  for (const Version version : {Version::v31, Version::v311}) {
    CHECK(encoded(Auth{ReasonCode::continue_authentication, {}}, version).empty());
    CHECK(encoded(Disconnect{ReasonCode::session_taken_over, {}}, version).empty());
    CHECK(encoded(Disconnect{ReasonCode::disconnect_with_will, {}}, version).empty());
    CHECK(encoded(Disconnect{}, version) == framed("E0"));
  }
}

TEST_CASE("[MQTT311-3.9.3-2] every refusal in a SUBACK of 3.1.1 is 0x80") {
  const SubscriptionAck suback{
      PacketType::suback, 1, {}, {ReasonCode::granted_qos1, ReasonCode::not_authorized}};
  CHECK(encoded(suback, Version::v311) == framed("90 0001 01 80"));
  CHECK(encoded(suback, Version::v5) == framed("90 0001 00 01 87"));
}

TEST_CASE("properties and reasons are left out before 5.0") {
  Properties properties;
  properties.add(PropertyId::reason_string, "n");
  CHECK(encoded(Ack{PacketType::pubrec, 1, ReasonCode::quota_exceeded, properties},
                Version::v311) == framed("50 0001"));
  CHECK(encoded(Connack{false, ReasonCode::banned, properties}, Version::v311) ==
        framed("20 00 05"));
  CHECK(encoded(SubscriptionAck{PacketType::unsuback, 1, properties, {ReasonCode::success}},
                Version::v311) == framed("B0 0001"));
  Subscribe subscribe;
  subscribe.packet_id = 1;
  subscribe.entries.emplace_back().filter = "a";
  subscribe.entries[0].no_local = true;
  subscribe.entries[0].retain_handling = 2;
  CHECK(encoded(subscribe, Version::v311) == framed("82 0001 0001 'a' 00"));
}

TEST_CASE("a CONNECT is encoded in its own version") {
  Connect connect;
  connect.version = Version::v31;
  connect.client_id = "c";
  CHECK(encoded(std::move(connect), Version::v5) == framed("10 0006 'MQIsdp' 03 02 0000 0001 'c'"));
}

}  // namespace
}  // namespace tandemq::mqtt
