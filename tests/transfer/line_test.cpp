#include "transfer/line.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tandemq;

namespace {

Line parsed(const std::string& text) {
  auto line = parse_line(text);
  REQUIRE_MESSAGE(line.has_value(), (line ? "" : line.error().text));
  return *std::move(line);
}

template <class Kind>
Kind parsed_as(const std::string& text) {
  const Line line = parsed(text);
  REQUIRE(std::holds_alternative<Kind>(line));
  return std::get<Kind>(line);
}

std::string error_of(const std::string& text) {
  const auto line = parse_line(text);
  REQUIRE_MESSAGE(!line.has_value(), text);
  return line.error().text;
}

void expect_error(const std::string& text, const std::string& part) {
  const std::string error = error_of(text);
  CHECK_MESSAGE(error.find(part) != std::string::npos, error);
}

Message plain_message(const std::string& payload) {
  Message message;
  message.id = MessageId{1};
  message.topic = "a";
  message.payload = payload;
  return message;
}

std::string text_of(const Message& message) {
  return line_text(MessageLine{std::make_shared<const Message>(message)});
}

// Through the text and back.
Message copied(const Message& message) {
  return *parsed_as<MessageLine>(text_of(message)).message;
}

}  // namespace

TEST_CASE("each kind of line is written as it was read") {
  const std::vector<std::string> lines = {
      R"({"type":"header","format":1,"source":"tandemq 0.1.0","exported_at":1700000000000})",
      R"({"type":"session","client":"c","user":"ann","expiry_s":4294967295,"opened_at":5,)"
      R"("suspended_at":6,"incoming":[1,7,65535]})",
      R"({"type":"session","client":"c","user":"","expiry_s":0,"incoming":[]})",
      R"({"type":"subscription","client":"c","filter":"$share/g/a/+/#","qos":2,"no_local":true,)"
      R"("retain_as_published":true,"retain_handling":2,"identifier":268435455})",
      R"({"type":"message","id":9223372036854775807,"topic":"größe/1","payload":"21 °C","qos":1,)"
      R"("retain":true,"properties":{"content_type":"t","payload_format":1,"user":[["a","b"],)"
      R"(["a",""]],"correlation_base64":"AP8=","response_topic":"r/s"},"published_at":7,)"
      R"("expires_at":8,"publisher":"p"})",
      R"({"type":"message","id":1,"topic":"t","payload_base64":"AP8=","qos":0,"retain":false,)"
      R"("publisher":""})",
      R"({"type":"queued","client":"c","message":3,"qos":1,"retain":false,"released":false,)"
      R"("identifiers":[1,2],"share":"18446744073709551615"})",
      R"({"type":"queued","client":"c","qos":2,"retain":false,"packet_id":9,"released":true,)"
      R"("identifiers":[]})",
      R"({"type":"retained","message":4})",
      R"({"type":"will","client":"c","user":"u","delay_s":30,"message_expiry_s":0,"at":99,)"
      R"("topic":"w","payload":"","qos":2,"retain":true,"properties":{"content_type":"x"}})",
  };
  for (const std::string& line : lines) CHECK(line_text(parsed(line)) == line);
}

TEST_CASE("the fields of a line are those of its text") {
  const auto session = parsed_as<SessionLine>(
      R"({"type":"session","client":"c","expiry_s":60,"opened_at":5,"incoming":[9,2]})");
  CHECK(session.expiry_s == 60);
  CHECK(session.user.empty());
  CHECK(session.opened_at == Instant{5});
  CHECK(session.suspended_at.is_never());
  CHECK(session.incoming == std::vector<std::uint16_t>{2, 9});
  const auto subscription =
      parsed_as<SubscriptionLine>(R"({"type":"subscription","client":"c","filter":"#","qos":1})");
  CHECK(subscription.options == SubscriptionOptions{1, false, false, RetainHandling::send});
  const auto queued = parsed_as<QueuedLine>(
      R"({"type":"queued","client":"c","message":7,"qos":2,"packet_id":8,"share":"12"})");
  CHECK(queued.message == MessageId{7});
  CHECK(queued.packet_id == 8);
  CHECK(queued.share == 12);
  const auto will = parsed_as<WillLine>(R"({"type":"will","client":"c","topic":"t","qos":0})");
  CHECK_FALSE(will.will.message_expiry_s.has_value());
  CHECK(will.at.is_never());
  CHECK(will.will.message->topic == "t");
}

TEST_CASE("a payload comes back the same, whatever its bytes are") {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte.push_back(static_cast<char>(byte));
  for (const std::string& payload :
       {std::string(), std::string("text \"\\\n\t\x7F €"), std::string("a\0b", 3),
        std::string("\xED\xA0\x80"), every_byte})
    CHECK(copied(plain_message(payload)).payload == payload);
  CHECK(text_of(plain_message("€")).find("payload_base64") == std::string::npos);
  CHECK(text_of(plain_message(std::string(1, '\0'))).find("payload_base64") != std::string::npos);
}

TEST_CASE("properties come back byte for byte, also in an order that an object cannot say") {
  mqtt::Properties properties;
  properties.add(mqtt::PropertyId::content_type, "json");
  properties.add_user("a", "1");
  properties.add_user("a", "2");
  Message message = plain_message("");
  message.forwarded = forwarded_properties(properties);
  CHECK(copied(message).forwarded == message.forwarded);
  CHECK(text_of(message).find(R"("properties":{)") != std::string::npos);

  properties.add(mqtt::PropertyId::response_topic, "r");
  properties.add_user("b", "");
  message.forwarded = forwarded_properties(properties);
  CHECK(copied(message).forwarded == message.forwarded);
  CHECK(text_of(message).find(R"("properties_base64":")") != std::string::npos);
}

TEST_CASE("an error names the line, the key and what is expected") {
  const std::string error = error_of(R"({"type":"retained","message":"4"})");
  CHECK(error.find(R"({"type":"retained","message":"4"})") != std::string::npos);
  CHECK(error.find("message: expected is a number from 1 to") != std::string::npos);
  CHECK(error_of("{" + std::string(1000, ' ')).size() < 300);
  CHECK(error_of("\x01\xFF").find('\x01') == std::string::npos);
}

TEST_CASE("what is no line is refused") {
  expect_error("", "not JSON");
  expect_error("{", "not JSON");
  expect_error("[]", "not a JSON object");
  expect_error("7", "not a JSON object");
  expect_error("{}", "type: expected");
  expect_error(R"({"type":1})", "type: expected");
  expect_error(R"({"type":"letter"})", "header, session, subscription");
  expect_error(R"({"type":"header","format":2})", "format: expected is a number from 1 to 1");
  expect_error(R"({"type":"retained","message":1,"colour":"red"})", "colour");
}

TEST_CASE("values that MQTT does not have are refused") {
  const std::string session = R"({"type":"session","expiry_s":1,"client":)";
  expect_error(session + R"("")" + "}", "client");
  expect_error(session + R"("a\u0000")" + "}", "client");
  expect_error(session + '"' + std::string(65'536, 'a') + "\"}", "client");
  expect_error(session + R"("c","incoming":[0]})", "incoming");
  expect_error(session + R"("c","incoming":[65536]})", "incoming");
  expect_error(session + R"("c","incoming":[3,3]})", "incoming");
  expect_error(session + R"("c","incoming":7})", "incoming");
  expect_error(session + R"("c","opened_at":-1})", "opened_at");
  expect_error(session + R"("c","opened_at":1.5})", "opened_at");
  expect_error(R"({"type":"session","client":"c","expiry_s":4294967296})", "expiry_s");
  const std::string subscription = R"({"type":"subscription","client":"c",)";
  expect_error(subscription + R"("filter":"a/#/b","qos":1})", "filter");
  expect_error(subscription + R"("filter":"$share/g","qos":1})", "filter");
  expect_error(subscription + R"("filter":"a","qos":3})", "qos");
  expect_error(subscription + R"("filter":"a","qos":1,"retain_handling":3})", "retain_handling");
  expect_error(subscription + R"("filter":"a","qos":1,"no_local":1})", "no_local");
  const std::string message = R"({"type":"message","id":1,"qos":0,"topic":)";
  expect_error(message + R"("a/+"})", "topic");
  expect_error(message + R"("a","payload":"","payload_base64":""})", "payload");
  expect_error(message + R"("a","payload_base64":"A"})", "payload_base64");
  expect_error(message + R"("a","payload":1})", "payload");
  expect_error(message + R"("a","properties":{"payload_format":2}})", "properties");
  expect_error(message + R"("a","properties":{"response_topic":"#"}})", "properties");
  expect_error(message + R"("a","properties":{"user":[["a"]]}})", "properties");
  expect_error(message + R"("a","properties":{"user":{}}})", "properties");
  expect_error(message + R"("a","properties":[]})", "properties");
  expect_error(message + R"("a","properties_base64":"/w=="})", "properties_base64");
}

TEST_CASE("a delivery that no handshake can be in is refused") {
  const std::string queued = R"({"type":"queued","client":"c",)";
  expect_error(queued + R"("qos":1})", "message");
  expect_error(queued + R"("message":1,"qos":0,"packet_id":1})", "packet_id");
  expect_error(queued + R"("message":1,"qos":1,"packet_id":1,"released":true})", "released");
  expect_error(queued + R"("message":1,"qos":2,"released":true})", "released");
  expect_error(queued + R"("message":1,"qos":1,"share":"0"})", "share");
  expect_error(queued + R"("message":1,"qos":1,"share":"x1"})", "share");
  expect_error(queued + R"("message":1,"qos":1,"share":7})", "share");
  expect_error(queued + R"("message":1,"qos":1,"identifiers":[0]})", "identifiers");
}
