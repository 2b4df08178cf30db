#include "mqtt/property.hpp"

#include "tests/mqtt/bytes.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include <doctest/doctest.h>

namespace tandemq::mqtt {
namespace {

using Id = PropertyId;
using Place = PropertyPlace;

// The identifier and a valid value of every property, and the places of table 2-4.
struct PropertyCase {
  Id id;
  std::string_view text;
  std::vector<Place> places;
};

constexpr Place kAllPlaces[] = {
    Place::connect,     Place::will,     Place::connack,    Place::publish,   Place::puback,
    Place::pubrec,      Place::pubrel,   Place::pubcomp,    Place::subscribe, Place::suback,
    Place::unsubscribe, Place::unsuback, Place::disconnect, Place::auth};

std::vector<PropertyCase> property_cases() {
  const std::vector<Place> message = {Place::publish, Place::will};
  const std::vector<Place> both_connect = {Place::connect, Place::connack};
  const std::vector<Place> login = {Place::connect, Place::connack, Place::auth};
  return {
      {Id::payload_format_indicator, "01 01", message},
      {Id::message_expiry_interval, "02 00000000", message},
      {Id::content_type, "03 0001 'x'", message},
      {Id::response_topic, "08 0001 'x'", message},
      {Id::correlation_data, "09 0002 00FF", message},
      {Id::subscription_identifier, "0B FFFFFF7F", {Place::publish, Place::subscribe}},
      {Id::session_expiry_interval,
       "11 FFFFFFFF",
       {Place::connect, Place::connack, Place::disconnect}},
      {Id::assigned_client_identifier, "12 0001 'x'", {Place::connack}},
      {Id::server_keep_alive, "13 FFFF", {Place::connack}},
      {Id::authentication_method, "15 0001 'x'", login},
      {Id::request_problem_information, "17 00", {Place::connect}},
      {Id::will_delay_interval, "18 00000001", {Place::will}},
      {Id::request_response_information, "19 01", {Place::connect}},
      {Id::response_information, "1A 0001 'x'", {Place::connack}},
      {Id::server_reference, "1C 0001 'x'", {Place::connack, Place::disconnect}},
      {Id::reason_string,
       "1F 0000",
       {Place::connack, Place::puback, Place::pubrec, Place::pubrel, Place::pubcomp, Place::suback,
        Place::unsuback, Place::disconnect, Place::auth}},
      {Id::receive_maximum, "21 0001", both_connect},
      {Id::topic_alias_maximum, "22 0000", both_connect},
      {Id::topic_alias, "23 0001", {Place::publish}},
      {Id::maximum_qos, "24 01", {Place::connack}},
      {Id::retain_available, "25 00", {Place::connack}},
      {Id::user_property, "26 0001 'x' 0001 'y'", {std::begin(kAllPlaces), std::end(kAllPlaces)}},
      {Id::maximum_packet_size, "27 00000001", both_connect},
      {Id::wildcard_subscription_available, "28 00", {Place::connack}},
      {Id::subscription_identifier_available, "29 00", {Place::connack}},
      {Id::shared_subscription_available, "2A 00", {Place::connack}},
  };
}

// A list without its length.
ReasonCode refusal_of(std::string_view list, Place place) {
  std::string input;
  Writer(input).variable_u32(static_cast<std::uint32_t>(list.size()));
  input += list;
  Reader reader(input);
  Properties out;
  const auto error = read_properties(reader, place, out);
  return error ? error->reason : ReasonCode::success;
}

Properties properties_of(std::string_view text, Place place) {
  const std::string list = bytes(text);
  std::string input;
  Writer(input).variable_u32(static_cast<std::uint32_t>(list.size()));
  input += list;
  Reader reader(input);
  Properties out;
  REQUIRE_FALSE(read_properties(reader, place, out).has_value());
  CHECK(reader.done());
  return out;
}

TEST_CASE("each property survives the way there and back") {
  for (const PropertyCase& row : property_cases()) {
    INFO(std::string(row.text));
    const Properties properties = properties_of(row.text, row.places.front());
    REQUIRE(properties.list().size() == 1);
    CHECK(properties.list()[0].id == row.id);
    std::string out;
    Writer writer(out);
    write_property(writer, properties.list()[0]);
    CHECK(out == bytes(row.text));
    CHECK(property_size(properties.list()[0]) == out.size());
  }
}

TEST_CASE("a property in a packet that may not carry it is malformed (2.2.2.2)") {
  for (const PropertyCase& row : property_cases()) {
    for (const Place place : kAllPlaces) {
      INFO(std::string(row.text), " at ", static_cast<int>(place));
      const bool allowed =
          std::find(row.places.begin(), row.places.end(), place) != row.places.end();
      CHECK(refusal_of(bytes(row.text), place) ==
            (allowed ? ReasonCode::success : ReasonCode::malformed_packet));
    }
  }
}

TEST_CASE("a property that is cut off anywhere is malformed") {
  for (const PropertyCase& row : property_cases()) {
    const std::string whole = bytes(row.text);
    for (std::size_t size = 1; size < whole.size(); ++size) {
      INFO(std::string(row.text), " cut to ", size);
      CHECK(refusal_of(whole.substr(0, size), row.places.front()) == ReasonCode::malformed_packet);
    }
  }
}

TEST_CASE("a property other than a User Property is a protocol error when repeated") {
  for (const PropertyCase& row : property_cases()) {
    for (const Place place : row.places) {
      INFO(std::string(row.text), " at ", static_cast<int>(place));
      const bool repeatable = row.id == Id::user_property ||
                              (row.id == Id::subscription_identifier && place == Place::publish);
      CHECK(refusal_of(bytes(row.text) + bytes(row.text), place) ==
            (repeatable ? ReasonCode::success : ReasonCode::protocol_error));
    }
  }
}

TEST_CASE("an identifier that the table does not have is malformed (2.2.2.2)") {
  for (const char* list : {"00 01", "04 01", "0A 01", "14 01", "1B 01", "20 01", "2B 01", "7F 01",
                           "81 01 01", "FF FF FF 7F 01", "80 01"}) {
    INFO(list);
    CHECK(refusal_of(bytes(list), Place::publish) == ReasonCode::malformed_packet);
  }
}

TEST_CASE("[MQTT-1.5.5-1] an identifier that is longer than needed is malformed") {
  CHECK(refusal_of(bytes("81 00 01"), Place::publish) == ReasonCode::malformed_packet);
}

TEST_CASE("[MQTT-2.2.2-1] a list without properties has a length of zero") {
  std::string out;
  Writer writer(out);
  write_properties(writer, Properties{});
  CHECK(out == bytes("00"));
  CHECK(properties_of("", Place::publish).empty());
  Reader nothing("");
  Properties list;
  CHECK(read_properties(nothing, Place::publish, list).has_value());
}

TEST_CASE("a Property Length beyond the packet is malformed") {
  const std::string input = bytes("03 01 01");
  Reader reader(input);
  Properties list;
  const auto error = read_properties(reader, Place::publish, list);
  REQUIRE(error.has_value());
  CHECK(error->reason == ReasonCode::malformed_packet);
}

TEST_CASE("a value out of its range is a protocol error") {
  struct Row {
    const char* list;
    Place place;
  };
  const Row rows[] = {
      {"01 02", Place::publish},        // Payload Format Indicator above 1 (3.3.2.3.2).
      {"01 02", Place::will},           // The same of a will (3.1.3.2.3).
      {"0B 00", Place::publish},        // Subscription Identifier 0 (3.3.2.3.8).
      {"0B 00", Place::subscribe},      // The same of a subscription (3.8.2.1.2).
      {"17 02", Place::connect},        // Request Problem Information above 1 (3.1.2.11.7).
      {"19 02", Place::connect},        // Request Response Information above 1 (3.1.2.11.6).
      {"21 0000", Place::connect},      // Receive Maximum 0 (3.1.2.11.3).
      {"21 0000", Place::connack},      // The same of the server (3.2.2.3.3).
      {"27 00000000", Place::connect},  // Maximum Packet Size 0 (3.1.2.11.4).
      {"27 00000000", Place::connack},  // The same of the server (3.2.2.3.6).
      {"24 02", Place::connack},        // Maximum QoS above 1 (3.2.2.3.4).
      {"25 02", Place::connack},        // Retain Available above 1 (3.2.2.3.5).
      {"28 02", Place::connack},        // Wildcard Subscription Available (3.2.2.3.11).
      {"29 02", Place::connack},        // Subscription Identifiers Available (3.2.2.3.12).
      {"2A 02", Place::connack},        // Shared Subscription Available (3.2.2.3.13).
  };
  for (const Row& row : rows) {
    INFO(row.list);
    CHECK(refusal_of(bytes(row.list), row.place) == ReasonCode::protocol_error);
  }
}

TEST_CASE("[MQTT-3.3.2-8] a Topic Alias of zero is a topic alias error") {
  CHECK(refusal_of(bytes("23 0000"), Place::publish) == ReasonCode::topic_alias_invalid);
}

TEST_CASE("[MQTT-3.3.2-14] a Response Topic with a wildcard is a protocol error") {
  for (const char* list : {"08 0001 '#'", "08 0003 'a/+'"}) {
    CHECK(refusal_of(bytes(list), Place::publish) == ReasonCode::protocol_error);
    CHECK(refusal_of(bytes(list), Place::will) == ReasonCode::protocol_error);
  }
}

TEST_CASE("[MQTT-4.7.3-1] an empty Response Topic is a protocol error") {
  CHECK(refusal_of(bytes("08 0000"), Place::publish) == ReasonCode::protocol_error);
}

TEST_CASE("Authentication Data without a method is a protocol error (3.1.2.11.10)") {
  for (const Place place : {Place::connect, Place::connack, Place::auth}) {
    CHECK(refusal_of(bytes("16 0001 'x'"), place) == ReasonCode::protocol_error);
    CHECK(refusal_of(bytes("16 0001 'x' 15 0001 'm'"), place) == ReasonCode::success);
  }
  CHECK(refusal_of(bytes("16 0001 'x'"), Place::publish) == ReasonCode::malformed_packet);
}

TEST_CASE("[MQTT-1.5.4-1] a property with ill-formed UTF-8 is malformed") {
  for (const char* list : {"03 0002 C328", "08 0003 EDA080", "03 0001 FF"}) {
    CHECK(refusal_of(bytes(list), Place::publish) == ReasonCode::malformed_packet);
  }
}

TEST_CASE("[MQTT-1.5.4-2] a property with the null character is malformed") {
  CHECK(refusal_of(bytes("03 0001 00"), Place::publish) == ReasonCode::malformed_packet);
}

TEST_CASE("[MQTT-1.5.7-1] a User Property is malformed if either string is no UTF-8") {
  CHECK(refusal_of(bytes("26 0001 FF 0000"), Place::publish) == ReasonCode::malformed_packet);
  CHECK(refusal_of(bytes("26 0000 0001 FF"), Place::publish) == ReasonCode::malformed_packet);
  CHECK(refusal_of(bytes("26 0000 0001 00"), Place::publish) == ReasonCode::malformed_packet);
}

TEST_CASE("binary data may hold any bytes") {
  CHECK(refusal_of(bytes("09 0003 00FFC3"), Place::publish) == ReasonCode::success);
}

TEST_CASE("[MQTT-3.3.2-18] User Properties keep their order and may repeat a name") {
  const Properties list = properties_of(
      "26 0001 'b' 0001 '1' 26 0001 'a' 0001 '2' 26 0001 'b' 0001 '3'", Place::publish);
  Properties expected;
  expected.add_user("b", "1");
  expected.add_user("a", "2");
  expected.add_user("b", "3");
  CHECK(list == expected);
}

TEST_CASE("a lookup finds the first of its identifier and nothing else") {
  Properties list;
  list.add(Id::subscription_identifier, 5U);
  list.add(Id::subscription_identifier, 6U);
  list.add(Id::content_type, "x");
  CHECK(list.number(Id::subscription_identifier) == 5);
  CHECK_FALSE(list.number(Id::topic_alias).has_value());
  REQUIRE(list.text(Id::content_type) != nullptr);
  CHECK(*list.text(Id::content_type) == "x");
  CHECK(list.text(Id::response_topic) == nullptr);
}

TEST_CASE("what travels with a message is all but expiry, alias, identifiers and will delay") {
  const Properties publish = properties_of(
      "26 0001 'k' 0001 'v' 02 00000009 01 01 0B 05 23 0001 08 0001 'r' 09 0001 'd' 03 0001 'c'"
      "26 0001 'l' 0001 'w'",
      Place::publish);
  CHECK(forwarded_properties(publish) ==
        bytes("26 0001 'k' 0001 'v' 01 01 08 0001 'r' 09 0001 'd' 03 0001 'c' 26 0001 'l' 0001 "
              "'w'"));
  const Properties will = properties_of("18 00000001 01 00", Place::will);
  CHECK(forwarded_properties(will) == bytes("01 00"));
}

}  // namespace
}  // namespace tandemq::mqtt
